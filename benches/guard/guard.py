"""Fails where the receiver costs more than `limits.json` allows: in instructions, bytes, memory and crates. None of it
depends on how fast or how busy the machine is. Started by `run`; README.md says what it means."""

import argparse
import io
import json
import math
import platform
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "compare"))

from receiver import OUR_VARIABLES, OURS, Receiver  # noqa: E402
from services import Certificates, Sqs  # noqa: E402
from subjects import ROOT, Subject, built  # noqa: E402

LIMITS = HERE / "limits.json"
AMAZON_ROOTS = ROOT / "src/aws/amazon-roots.pem"
CALLGRIND = ["valgrind", "--tool=callgrind", "--dump-line=no", "--compress-strings=no", "--compress-pos=no"]
ALLOCATE = {"malloc", "calloc", "realloc", "posix_memalign"}
WARM = 20  # callbacks of a run over which a warm one is averaged
TRIES = 3  # each figure is the least of as many runs; the first that is within its limit will do
RESIDENT_AFTER = 1000  # callbacks
SETTLE_S = 0.05

WHAT = {
    "init_instructions": "instructions of init, until the first /next",
    "first_instructions": "instructions of the first callback",
    "warm_instructions": "instructions of a warm callback",
    "init_allocations": "allocations of init",
    "warm_allocations": "allocations of a warm callback",
    "binary_bytes": "bytes of the executable",
    "zip_bytes": "bytes of its zip",
    "peak_rss_kib": f"KiB of memory at the most, after {RESIDENT_AFTER} callbacks",
    "crates": "crates the binaries are linked from",
}


def main():
    options = arguments()
    limits = json.loads(LIMITS.read_text())
    binary = (options.binary or built(OURS, is_ours=True, build=True)).resolve()
    if not binary.is_file():
        raise SystemExit(f"guard: there is no {binary}")
    measured = {"crates": crates()}
    if reason := cannot_count(limits[options.profile]["rustc"], options.write):
        print(f"guard: instructions are not counted here: {reason}", flush=True)
        if not options.optional:
            raise SystemExit(1)
    else:
        measured |= instructions(binary, limits[options.profile], TRIES if options.write else 1)
    if options.profile == "release":
        measured |= sizes(binary) | {"peak_rss_kib": peak_rss(binary)}
    if options.write:
        write(limits, options.profile, measured)
    if not report(measured, limits[options.profile] | limits["both"]):
        advise(options)
        raise SystemExit(1)


def arguments():
    parser = argparse.ArgumentParser(prog="run", description=__doc__)
    add = parser.add_argument
    add("--binary", type=Path, metavar="PATH", help="this receiver, stripped; else one is built for release")
    add("--profile", choices=["release", "dev"], default="release", help="what it was built for (default: release)")
    add("--optional", action="store_true", help="where instructions cannot be counted, say so and go on")
    add("--write", action="store_true", help="write what is measured into limits.json; promises stay as they are")
    options = parser.parse_args()
    if options.profile == "dev" and not options.binary:
        parser.error("--profile dev needs --binary: what `cargo test` has built")
    return options


def limit(of):
    """A promise is a figure; else what was measured once, and a margin."""
    return of["at_most"] if "at_most" in of else math.floor(of["measured"] * (1 + of["margin_percent"] / 100))


def report(measured, limits):
    """Says what all of it is; whether it is within the limits."""
    over = [name for name in WHAT if name in measured and measured[name] > limit(limits[name])]
    for name, what in WHAT.items():
        if name in measured:
            figure, most = measured[name], limit(limits[name])
            mark = "  <-- TOO MUCH" if name in over else ""
            print(f"{figure:>12,}  {figure / most * 100:5.1f} % of {most:>11,}  {what}{mark}")
    for name in over:
        figure, of = measured[name], limits[name]
        more = (figure / limit(of) - 1) * 100
        whose = "is promised" if "at_most" in of else f"is allowed ({of['measured']:,} and {of['margin_percent']} %)"
        print(f"guard: {WHAT[name]}: {figure:,} is {more:.1f} % more than the {limit(of):,} that {whose}")
    return not over


def advise(options):
    again = f"benches/guard/run --profile {options.profile}" + (f" --binary {options.binary}" if options.binary else "")
    print(f"guard: if it is worth that, raise the limits and say why in the commit: {again} --write")
    print(f"guard: what is promised (at_most) is changed by hand, in {LIMITS.relative_to(ROOT)}")


def write(limits, profile, measured):
    """What is measured now, in place of what was. Promises stay."""
    limits[profile]["rustc"] = rustc()
    for name, of in (limits[profile] | limits["both"]).items():
        if name in measured and "measured" in of:
            of["measured"] = measured[name]
    groups = []
    for group, members in limits.items():
        lines = [f"    {json.dumps(name)}: {json.dumps(of)}" for name, of in members.items()]
        groups.append(f"  {json.dumps(group)}: {{\n" + ",\n".join(lines) + "\n  }")
    LIMITS.write_text("{\n" + ",\n".join(groups) + "\n}\n")


def crates():
    """Of the package's normal dependencies, itself included; what runs in the compiler alone is not counted."""
    command = ["cargo", "tree", "--locked", "--target", "x86_64-unknown-linux-gnu", "--edges", "normal,no-proc-macro"]
    command += ["--prefix", "none", "--format", "{p}"]
    lines = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return len({tuple(line.split()[:2]) for line in lines if line})


def sizes(binary):
    content, packed = binary.read_bytes(), io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        archive.writestr("bootstrap", content)
    return {"binary_bytes": len(content), "zip_bytes": packed.tell()}


def peak_rss(binary):
    """As on Lambda: without valgrind, and with TLS and about the roots that are built in."""
    with tempfile.TemporaryDirectory(prefix="mediahook-guard-") as folder:
        certificates = Certificates(Path(folder))
        certificates.bundle.write_text(certificates.ca.read_text() + AMAZON_ROOTS.read_text())
        subject = Subject(OURS, [binary], OUR_VARIABLES)
        with Receiver(subject, certificates, Path(folder) / "log", {"SQS": Sqs}) as function:
            for _ in range(RESIDENT_AFTER):
                function.call()
            function.check()
            return round(function.peak_mib() * 1024)


def cannot_count(version, write):
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return f"the limits are of Linux on x86_64, not of {platform.system()} on {platform.machine()}"
    if version != rustc() and not write:
        return f"the limits are of rustc {version}, this is {rustc()} (--write makes them its own)"
    if not shutil.which("valgrind"):
        return "there is no valgrind, and it could not be fetched (apt-get install valgrind)"
    return None


def instructions(binary, limits, least_of):
    """Whole runs that end after no, one and 1 + WARM callbacks; what is between them is the callbacks'."""
    with tempfile.TemporaryDirectory(prefix="mediahook-guard-") as folder:
        folder = Path(folder)
        still = folder / "still.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", still, HERE / "still.c"], check=True)
        least = {}
        for number in range(1, 1 + TRIES):
            none, one, more = (counted(binary, callbacks, still, folder) for callbacks in (0, 1, 1 + WARM))
            figures = {
                "init_instructions": none[0],
                "first_instructions": one[0] - none[0],
                "warm_instructions": round((more[0] - one[0]) / WARM),
                "init_allocations": none[1],
                "warm_allocations": round((more[1] - one[1]) / WARM),
            }
            least = {name: min(figure, least.get(name, figure)) for name, figure in figures.items()}
            if number >= least_of and all(figure <= limit(limits[name]) for name, figure in least.items()):
                break
    return least


def counted(binary, callbacks, still, folder):
    """The instructions and the allocations of one process, from its start until it waits for what comes after so many
    callbacks."""
    random.seed(0)  # the same callbacks each time
    log, counts = folder / "log", folder / "counts"
    command = [*CALLGRIND, f"--callgrind-out-file={counts}", binary]
    for _ in range(TRIES):
        subject = Subject(OURS, command, OUR_VARIABLES | {"LD_PRELOAD": str(still)})
        with Plain(subject, log) as function:
            for _ in range(callbacks):
                function.call()
            function.check()
            before = None
            while (now := function.cpu_s()) != before:  # until it sleeps
                before = now
                time.sleep(SETTLE_S)
            function.process.send_signal(signal.SIGTERM)
            function.process.wait(timeout=30)
            if function.services["SQS"].connections == 1:
                return own(counts, str(binary))
    function.fail(f"opens {function.services['SQS'].connections} connections to the queue, and should open one")


def own(counts, binary):
    """Of the executable alone: what the C library and the loader do, half of init, differs from one system to the next."""
    instructions = allocations = 0
    is_own, called, is_call = False, "", False
    for line in counts.read_text().splitlines():
        key, _, value = line.partition("=")
        if key == "ob":
            is_own = value == binary
        elif key == "cfn":
            called = value
        elif key == "calls":  # the next line is what the called one took
            allocations += int(value.split()[0]) if is_own and called in ALLOCATE else 0
            is_call = True
        elif line[:1].isdigit():
            instructions += int(line.split()[1]) if is_own and not is_call else 0
            is_call = False
    if not instructions:
        raise SystemExit(f"guard: valgrind has counted nothing of {binary}")
    return instructions, allocations


class Plain(Receiver):
    """With a queue without TLS, whose handshakes differ from run to run, and the roots that are built in."""

    def __init__(self, subject, log):
        certificates = SimpleNamespace(server=None, bundle=AMAZON_ROOTS, ca=AMAZON_ROOTS)
        super().__init__(subject, certificates, log, {"SQS": Sqs})

    def endpoint(self, service):
        return f"http://127.0.0.1:{service.port}"  # no name to resolve: that is a thread


def rustc():
    return subprocess.run(["rustc", "--version"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()[1]


if __name__ == "__main__":
    main()
