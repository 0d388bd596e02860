"""Measures the receiver and its peers side by side, and prints one table. Started by `run`; README.md says what it means."""

import argparse
import contextlib
import datetime
import json
import os
import platform
import queue
import random
import statistics
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import plot
from services import Certificates, RuntimeApi, Sqs
from subjects import HERE, OURS, PATH, ROOT, subjects

PATIENCE_S = 30
SETTLE_S = 0.02  # between the function's poll and a look at its account: its other threads go to sleep, too
UNMEASURED = 50  # callbacks between the first and those that are measured
DOMAIN = "abcdefghijklmnopqrstuvwxyz012345.lambda-url.us-east-1.on.aws"

# What the table has: name, the round's figure, digits after the point.
COLUMNS = [
    ("binary MB", "binary_mb", 1),
    ("init CPU ms", "init_cpu_ms", 1),
    ("first CPU ms", "first_cpu_ms", 1),
    ("init + first CPU ms", "cold_cpu_ms", 1),
    ("init + first wall ms", "cold_wall_ms", 1),
    ("warm CPU µs", "warm_cpu_us", 0),
    ("peak MiB", "peak_mib", 1),
    ("connections", "connections", 0),
]
SUBJECT_HELP = "that subject's binary, not to be built; under a name that is none of theirs, another build of the receiver"
README, SVG = HERE / "README.md", ROOT / "docs" / "speed.svg"
BEGIN, END = "<!-- table: written by run --write -->", "<!-- end of table -->"


@dataclass
class Round:
    """What one process took."""

    init_cpu_ms: float
    first_cpu_ms: float
    cold_cpu_ms: float
    init_wall_ms: float
    first_wall_ms: float
    cold_wall_ms: float
    warm_cpu_us: float
    peak_mib: float
    connections: int
    binary_mb: float | None


def main():
    options = arguments()
    compared = subjects(options)
    if not any(subject.name == OURS for subject in compared):
        raise SystemExit(f"compare: without {OURS} there is nothing to compare with")
    rounds, warm = (2, 200) if options.quick else (options.rounds, options.warm)
    measured = {subject.name: [] for subject in compared}
    about = machine(compared)
    with tempfile.TemporaryDirectory(prefix="mediahook-compare-") as folder:
        certificates = Certificates(Path(folder))
        about["settings"] = f"{rounds} rounds of 1 + {UNMEASURED} + {warm} callbacks, {certificates.roots} root certificates"
        for number in range(1 + rounds):
            for subject in compared:
                figures = one_round(subject, warm, certificates, Path(folder))
                if number:  # the first fills the system's caches
                    measured[subject.name].append(figures)
            print(f"compare: round {number} of {rounds}", flush=True)
    medians = {name: median(figures) for name, figures in measured.items()}
    report = table(medians) + "\n\n" + "; ".join(about.values())
    print(f"\n{report}")
    if options.json:
        all_rounds = {name: [asdict(figures) for figures in rounds] for name, rounds in measured.items()}
        result = {"about": about, "medians": medians, "rounds": all_rounds}
        Path(options.json).write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    if options.write:
        before, _, rest = README.read_text().partition(BEGIN)
        README.write_text(f"{before}{BEGIN}\n{report}\n{END}{rest.partition(END)[2]}")
        SVG.write_text(plot.svg(medians, OURS, about))


def arguments():
    parser = argparse.ArgumentParser(prog="run", description=__doc__)
    add = parser.add_argument
    add("--install", action="store_true", help="first install python's and node's packages into the user's cache folder")
    add("--python", metavar="FILE", help="the interpreter to install for (default: the one that runs this)")
    add("--no-build", dest="build", action="store_false", help="take the release binaries that are there")
    add("--subject", action="append", default=[], metavar="NAME=PATH", help=SUBJECT_HELP)
    add("--only", metavar="NAME,...", help="these subjects alone")
    add("--rounds", type=int, default=7, help="processes started of each subject (default: 7)")
    add("--warm", type=int, default=1000, help="callbacks measured in each of them (default: 1000)")
    add("--quick", action="store_true", help="2 rounds of 200 callbacks, to see that all of it works")
    add("--json", metavar="FILE", help="write all figures of all rounds")
    add("--write", action="store_true", help="write the table into README.md and the plot to docs/speed.svg")
    return parser.parse_args()


def one_round(subject, warm, certificates, folder):
    with Function(subject, certificates, folder / "log") as function:
        init_cpu = function.cpu_s()
        first_wall = function.call()
        first_cpu = function.cpu_s() - init_cpu
        for _ in range(UNMEASURED):
            function.call()
        before = function.cpu_s()
        for _ in range(warm):
            function.call()
        warm_cpu = function.cpu_s() - before
        function.check_queue()
        return Round(
            init_cpu_ms=init_cpu * 1e3,
            first_cpu_ms=first_cpu * 1e3,
            cold_cpu_ms=(init_cpu + first_cpu) * 1e3,
            init_wall_ms=function.init_wall_s * 1e3,
            first_wall_ms=first_wall * 1e3,
            cold_wall_ms=(function.init_wall_s + first_wall) * 1e3,
            warm_cpu_us=warm_cpu / warm * 1e6,
            peak_mib=function.peak_mib(),
            connections=function.sqs.connections,
            binary_mb=subject.binary.stat().st_size / 1e6 if subject.binary else None,
        )


class Function:
    """A fresh process of a subject, past its init, with a Runtime API and a queue of its own."""

    def __init__(self, subject, certificates, log):
        self.subject, self.certificates, self.log = subject, certificates, log

    def __enter__(self):
        self.sent = []
        self.api, self.sqs = RuntimeApi(), Sqs(self.certificates.server)
        with self.log.open("wb") as log:
            started = time.perf_counter()
            self.process = subprocess.Popen(
                self.subject.command,
                cwd=self.subject.folder,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self.init_wall_s = self.wait(self.api.polls) - started
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.api.close()
        self.sqs.close()

    def environment(self):
        endpoint = self.endpoint()
        own = self.subject.variables
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.log.parent),
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "_HANDLER": "function.handler",
            "LAMBDA_TASK_ROOT": str(self.subject.folder),
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.api.port}",
            "AWS_LAMBDA_FUNCTION_NAME": "receiver",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/receiver",
            "AWS_LAMBDA_LOG_STREAM_NAME": "receiver",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            "AWS_SESSION_TOKEN": "session",
            "AWS_ENDPOINT_URL_SQS": endpoint,
            "SSL_CERT_FILE": str(self.certificates.bundle),
            "AWS_CA_BUNDLE": str(self.certificates.bundle),
            "NODE_EXTRA_CA_CERTS": str(self.certificates.ca),  # the others are built into node
            **{name: value.replace("{queue}", f"{endpoint}/123456789012/callbacks.fifo") for name, value in own.items()},
        }

    def endpoint(self):
        return f"https://localhost:{self.sqs.port}"

    def call(self):
        """One callback, answered with 200 and the next one asked for; seconds to the answer."""
        body = callback()
        self.sent.append(body)
        event = json.dumps(invocation(body)).encode()
        started = time.perf_counter()
        self.api.events.put(event)
        answered, kind, answer = self.wait(self.api.results)
        status = json.loads(answer).get("statusCode") if kind == "response" else None
        if status != 200:
            self.fail(f"a callback was answered by {kind} {answer.decode(errors='replace')}")
        self.wait(self.api.polls)
        return answered - started

    def check_queue(self):
        """Each callback lies in the queue once, whole and in order: alone, or as a part of the message."""
        messages = self.sqs.messages
        if len(messages) != len(self.sent):
            self.fail(f"{len(self.sent)} callbacks were answered, {len(messages)} are in the queue")
        for body, message in zip(self.sent, messages):
            if body not in message["MessageBody"] or not message.get("MessageGroupId"):
                self.fail(f"not what was sent: {message}")

    def cpu_s(self):
        """The process's time on a CPU so far, by the scheduler's account, of its ended threads, too: what
        clock_getcpuclockid(3) gives a clock for."""
        time.sleep(SETTLE_S)
        return time.clock_gettime(~self.process.pid << 3 | 2)

    def peak_mib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM:"))

    def wait(self, source):
        for _ in range(PATIENCE_S * 10):
            with contextlib.suppress(queue.Empty):
                return source.get(timeout=0.1)
            if self.process.poll() is not None:
                self.fail(f"ended by itself, with {self.process.returncode}")
        self.fail(f"not a word for {PATIENCE_S} s")

    def fail(self, reason):
        end = self.log.read_text(errors="replace")[-2000:]
        raise SystemExit(f"compare: {self.subject.name}: {reason}\nThe end of its log:\n{end}")


def callback():
    """A Tencent callback like the sample, for a media of its own."""
    file, task = random.randrange(10**18, 10**19), f"1500017263-PullUpload-{random.randbytes(16).hex()}t0"
    event = json.loads((ROOT / "events/tencent-vod/PullComplete.json").read_text())
    pulled = event["PullCompleteEvent"]
    pulled["TaskId"], pulled["FileId"], pulled["MediaBasicInfo"]["Vid"] = task, str(file), str(file)
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def invocation(body):
    """The function URL's event (payload format 2.0)."""
    headers = {
        "content-type": "application/json",
        "content-length": str(len(body.encode())),
        "host": DOMAIN,
        "user-agent": "sender",
        "x-amzn-trace-id": "Root=1-6565a0a0-0123456789abcdef01234567",
        "x-forwarded-for": "203.0.113.9",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    }
    http = {"method": "POST", "path": PATH, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.9", "userAgent": "sender"}
    context = {
        "accountId": "anonymous",
        "apiId": DOMAIN.split(".")[0],
        "domainName": DOMAIN,
        "domainPrefix": DOMAIN.split(".")[0],
        "http": http,
        "requestId": "2f1a8a9e-6d4f-4b1a-9a53-0d6c1a4f7f55",
        "routeKey": "$default",
        "stage": "$default",
        "time": "22/Nov/2026:05:50:25 +0000",
        "timeEpoch": 1795326625000,
    }
    event = {"version": "2.0", "routeKey": "$default", "rawPath": PATH, "rawQueryString": "", "headers": headers}
    return {**event, "requestContext": context, "body": body, "isBase64Encoded": False}


def median(rounds):
    """Of each figure; nothing of one that the subject does not have."""
    rounds = [asdict(figures) for figures in rounds]
    names = [name for name, value in rounds[0].items() if value is not None]
    return dict.fromkeys(rounds[0]) | {name: statistics.median(r[name] for r in rounds) for name in names}


def table(medians):
    """Medians, and in brackets how many times ours that is."""

    def cell(figures, key, digits):
        value, ours = figures[key], medians[OURS][key]
        if value is None:
            return "-"
        is_ratio = figures is not medians[OURS] and key != "connections"
        return f"{value:.{digits}f}" + (f" ({plot.times(value / ours)})" if is_ratio else "")

    rows = [["", *(name for name, _, _ in COLUMNS)], ["---"] * (len(COLUMNS) + 1)]
    for name, figures in medians.items():
        rows.append([name, *(cell(figures, key, digits) for _, key, digits in COLUMNS)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def machine(compared):
    """Where and when."""
    with open("/proc/cpuinfo") as cpuinfo:
        models = [line.partition(":")[2].strip() for line in cpuinfo if line.startswith("model name")]
    return {
        "machine": f"{(models or [platform.machine()])[0]}, {os.cpu_count()} cores, Linux {platform.release()}",
        "date": f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d}, load {os.getloadavg()[0]:.1f} at the start",
        "versions": ", ".join(subject.version for subject in compared if subject.version) or "no interpreters",
    }


if __name__ == "__main__":
    main()
