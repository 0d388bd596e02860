"""A million callbacks through one receiver process, and a million records through one processor process. Fails if memory, file
descriptors or connections grow. Needs Linux, python3 (3.10 or newer) and openssl (3.0 or newer), and release binaries:

    cargo build --release --bin receiver --bin processor
    benches/soak/soak.py --write
"""

import argparse
import datetime
import itertools
import json
import math
import os
import platform
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "compare"))

import processor  # noqa: E402
import receiver  # noqa: E402
from processor import BATCH  # noqa: E402
from services import Certificates, DynamoDb, EventBridge, Service, Sqs  # noqa: E402
from subjects import Subject  # noqa: E402

SAMPLES = 20
STEP = SAMPLES * BATCH
MEMORY_MAY_VARY = 0.05  # either way, from the median of all samples but the first
EVENTS_OF_A_CONNECTION = 10_000  # at least: a spare one is closed after 20 s, and the next busy moment opens another
MARKS = ("<!-- table: written by soak.py --write -->", "<!-- end of table -->")


class S3(Service):
    """A bucket, where the receiver puts a callback that a busy machine does not let it queue in time."""

    KEEPS = list

    def answer(self, path, operation, body):
        self.calls += 1
        self.kept.append(body.decode())
        return 200, 'etag: "0"\r\n', b""


class Receiver(receiver.Receiver):
    def check(self):
        """Each callback is in the queue once, or in the bucket."""
        spilled = self.services["S3"].kept
        if not spilled:
            super().check()
        elif not all(any(body in one for one in spilled) for body in self.sent):
            self.fail(f"not what was sent: {spilled}")


class Processor(processor.Processor):
    def check(self):
        """It is these events that are completed in the table."""
        super().check()
        if (ids := {json.loads(body)["id"] for body in self.sent}) != set(self.services["DYNAMODB"].kept):
            self.fail(f"not what is in the table: {ids}")


FUNCTIONS = {  # how it is called, its variables, its services, and the events of a call
    "receiver": (Receiver, receiver.OUR_VARIABLES, {"SQS": Sqs, "S3": S3}, 1),
    "processor": (Processor, processor.OUR_VARIABLES, {"DYNAMODB": DynamoDb, "EVENTBRIDGE": EventBridge}, BATCH),
}


@dataclass
class Sample:
    events: int
    memory_mib: float
    cpu_us: float  # of an event, since the sample before
    descriptors: int
    connections: int  # opened so far


def run(name, events, binaries):
    """A soak in a process of its own: the function waits for nobody else."""
    kind, variables, services, at_once = FUNCTIONS[name]
    binary = (binaries / name).absolute()
    subject = Subject(name, [binary / "bootstrap" if binary.is_dir() else binary], variables)
    with tempfile.TemporaryDirectory(prefix="mediahook-soak-") as folder:
        with kind(subject, Certificates(Path(folder)), Path(folder) / "log", services) as function:
            samples = soak(function, events, at_once)
            if "S3" in services and (spilled := function.services["S3"].calls):
                print(f"{name}: {spilled} went to the bucket: the machine was too busy", flush=True)
            return samples


def soak(function, events, at_once):
    """Calls until that many events are done, and looks after each call whether they are where they belong."""
    samples, done, cpu_s, name = [], 0, function.cpu_s(), function.subject.name
    started, own_cpu_s, first_cpu_s = time.perf_counter(), time.process_time(), cpu_s
    for at in range(1, SAMPLES + 1):
        last = done
        while done < events * at / SAMPLES:
            function.call()
            function.check()
            function.forget()
            done += at_once
        os.truncate(function.log, 0)
        before, cpu_s = cpu_s, function.cpu_s()
        samples.append(sample(function, done, (cpu_s - before) / (done - last)))
        print(f"{name}: {samples[-1]}", flush=True)
    for what, seconds in [
        ("took", time.perf_counter() - started),
        ("CPU of the function", cpu_s - first_cpu_s),
        ("CPU of the soak itself", time.process_time() - own_cpu_s),
    ]:
        print(f"{name}: {what}: {seconds:.0f} s, {seconds / done * 1e6:.0f} µs an event", flush=True)
    return samples


def sample(function, events, cpu_s):
    process = Path(f"/proc/{function.process.pid}")
    status = (process / "status").read_text().splitlines()
    memory_kib = next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))
    connections = sum(service.connections for service in function.services.values())
    return Sample(events, memory_kib / 1024, cpu_s * 1e6, len(os.listdir(process / "fd")), connections)


def growth(samples):
    """What grew, in words."""
    settled = samples[1:]
    memory = statistics.median(sample.memory_mib for sample in settled)
    descriptors = [sample.descriptors for sample in settled]
    half = len(settled) // 2
    events, opened = settled[-1].events - settled[0].events, settled[-1].connections - settled[0].connections
    for name, is_flat in [
        ("memory", all(abs(sample.memory_mib / memory - 1) <= MEMORY_MAY_VARY for sample in settled)),
        ("file descriptors", max(descriptors[half:]) <= max(descriptors[:half])),
        ("connections", opened <= math.ceil(events / EVENTS_OF_A_CONNECTION)),
    ]:
        if not is_flat:
            yield name


def row(name, samples):
    settled = samples[1:]
    memory = [sample.memory_mib for sample in settled]
    quarter = max(1, len(settled) // 4)
    first, last = (statistics.mean(sample.cpu_us for sample in part) for part in (settled[:quarter], settled[-quarter:]))
    cells = [
        name,
        f"{samples[-1].events:,}",
        f"{memory[0]:.1f} → {memory[-1]:.1f} (highest {max(memory):.1f})",
        f"{first:.0f} → {last:.0f}",
        f"{settled[0].descriptors} → {settled[-1].descriptors}",
        f"{samples[-1].connections}",
    ]
    return f"| {' | '.join(cells)} |"


def table(results):
    with open("/proc/cpuinfo") as cpuinfo:
        model = next((line.partition(":")[2].strip() for line in cpuinfo if line.startswith("model name")), platform.machine())
    return "\n".join([
        "| | events | memory, MiB | CPU of an event, µs: first and last quarter | file descriptors | connections opened |",
        "| --- | --- | --- | --- | --- | --- |",
        *(row(name, samples) for name, samples in results.items()),
        "",
        f"{model}, {os.cpu_count()} cores, Linux {platform.release()}; {datetime.date.today()}; without the first "
        f"{100 // SAMPLES} % of the events.",
    ])


def main():
    target = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target") / "release"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--callbacks", type=int, default=1_000_000, help=f"a multiple of {STEP}, or none (1000000)")
    parser.add_argument("--records", type=int, default=1_000_000, help="the same (1000000)")
    parser.add_argument("--binaries", type=Path, default=target, help="their folder: NAME or NAME/bootstrap in it (target/release)")
    parser.add_argument("--write", action="store_true", help="write the table into README.md")
    options = parser.parse_args()
    numbers = {"receiver": options.callbacks, "processor": options.records}
    numbers = {name: number for name, of in numbers.items() if (number := of // STEP * STEP)}
    with ProcessPoolExecutor() as pool:  # each waits for its function or is waited for by it: two cores are enough
        results = dict(zip(numbers, pool.map(run, numbers, numbers.values(), itertools.repeat(options.binaries))))
    print(table(results))
    if options.write:
        readme = HERE / "README.md"
        before, rest = readme.read_text().split(MARKS[0])
        after = rest.split(MARKS[1])[1]
        readme.write_text(f"{before}{MARKS[0]}\n{table(results)}\n{MARKS[1]}{after}")
    grown = [f"{name}: {what}" for name, samples in results.items() for what in growth(samples)]
    sys.exit("soak: not flat: " + ", ".join(grown) if grown else 0)


if __name__ == "__main__":
    main()
