"""Measures functions side by side, and prints one table. Started by `run`; README.md says what it means."""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import plot
from services import Certificates, RuntimeApi, Servers
from subjects import HERE

PATIENCE_S = 30
SETTLE_S = 0.02  # between the function's poll and a look at its account: its other threads go to sleep, too
SUBJECT_HELP = "that subject's binary, not to be built; under a name that is none of theirs, another build of ours"
README = HERE / "README.md"


def main(task):
    """Measures a task's subjects: `receiver.py` and `processor.py` are the tasks."""
    options = arguments(task)
    compared = task.subjects(options)
    if not any(subject.name == task.OURS for subject in compared):
        raise SystemExit(f"compare: without {task.OURS} there is nothing to compare with")
    rounds, warm = (2, task.QUICK) if options.quick else (options.rounds, options.warm)
    measured = {subject.name: [] for subject in compared}
    about = machine(compared)
    with tempfile.TemporaryDirectory(prefix="mediahook-compare-") as folder:
        certificates = Certificates(Path(folder))
        about["settings"] = f"{rounds} rounds of {task.settings(warm)}, {certificates.roots} root certificates"
        for number in range(1 + rounds):
            for subject in compared:
                figures = task.one_round(subject, warm, certificates, Path(folder))
                if number:  # the first fills the system's caches
                    measured[subject.name].append(figures)
            print(f"compare: round {number} of {rounds}", flush=True)
    medians = {name: median(figures) for name, figures in measured.items()}
    report = table(medians, task) + "\n\n" + "; ".join(about.values())
    print(f"\n{report}")
    if options.json:
        result = {"about": about, "medians": medians, "rounds": measured}
        Path(options.json).write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    if options.write:
        begin, end = f"<!-- {task.OURS}: written by run --write -->", "<!-- end of table -->"
        before, _, rest = README.read_text().partition(begin)
        README.write_text(f"{before}{begin}\n{report}\n{end}{rest.partition(end)[2]}")
        task.write(medians, about)


def arguments(task):
    parser = argparse.ArgumentParser(prog=f"run {task.OURS}", description=task.__doc__)
    add = parser.add_argument
    add("--install", action="store_true", help="first install the interpreters' packages into the user's cache folder")
    add("--python", metavar="FILE", help="the interpreter to install for (default: the one that runs this)")
    add("--no-build", dest="build", action="store_false", help="take the release binaries that are there")
    add("--subject", action="append", default=[], metavar="NAME=PATH", help=SUBJECT_HELP)
    add("--only", metavar="NAME,...", help="these subjects alone")
    add("--rounds", type=int, default=7, help="processes started of each subject (default: 7)")
    add("--warm", type=int, default=task.WARM, help="invocations measured in each of them (default: %(default)s)")
    add("--quick", action="store_true", help="2 short rounds, to see that all of it works")
    add("--json", metavar="FILE", help="write all figures of all rounds")
    add("--write", action="store_true", help="write the table into README.md, and the receiver's plot to docs/speed.svg")
    return parser.parse_args()


class Function:
    """A fresh process of a subject, past its init, with a Runtime API and services of its own, by the names that the
    SDKs' endpoint variables give them. `{name}` in the subject's variables is the endpoint of that service."""

    def __init__(self, subject, certificates, log, services):
        self.subject, self.certificates, self.log = subject, certificates, log
        self.sent = []  # the bodies that are to be found in the services
        self.servers = Servers()
        self.api = RuntimeApi(self.servers)
        self.services = {name: service(self.servers, certificates.server) for name, service in services.items()}

    def __enter__(self):
        with self.log.open("ab") as log:
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
            self.wait(lambda: self.api.asking)
            self.init_wall_s = time.perf_counter() - started
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.servers.close()

    def environment(self):
        endpoints = {name: self.endpoint(service) for name, service in self.services.items()}
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.log.parent),
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "_HANDLER": "function.handler",
            "LAMBDA_TASK_ROOT": str(self.subject.folder),
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.api.port}",
            "AWS_LAMBDA_FUNCTION_NAME": "function",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/function",
            "AWS_LAMBDA_LOG_STREAM_NAME": "function",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            "AWS_SESSION_TOKEN": "session",
            "SSL_CERT_FILE": str(self.certificates.bundle),
            "AWS_CA_BUNDLE": str(self.certificates.bundle),
            "NODE_EXTRA_CA_CERTS": str(self.certificates.ca),  # the others are built into node
            **{f"AWS_ENDPOINT_URL_{name}": endpoint for name, endpoint in endpoints.items()},
            **{name: self.filled_in(value, endpoints) for name, value in self.subject.variables.items()},
        }

    def endpoint(self, service):
        return f"https://localhost:{service.port}"

    @staticmethod
    def filled_in(value, endpoints):
        for name, endpoint in endpoints.items():
            value = value.replace(f"{{{name}}}", endpoint)
        return value

    def invoke(self, event):
        """One invocation, answered and the next one asked for: seconds to the answer, and the answer."""
        event = json.dumps(event).encode()
        started = time.perf_counter()
        self.api.invoke(event)
        self.wait(lambda: self.api.result)
        answered, kind, answer = self.api.result
        if kind != "response":
            self.fail(f"an invocation was answered by {kind} {answer.decode(errors='replace')}")
        self.wait(lambda: self.api.asking)
        return answered - started, json.loads(answer)

    def forget(self):
        """What was sent until now: it is checked, and its memory can be had by the next."""
        self.sent.clear()
        for service in self.services.values():
            service.forget()

    def cpu_s(self):
        """The process's time on a CPU so far, by the scheduler's account, of its ended threads, too: what
        clock_getcpuclockid(3) gives a clock for."""
        time.sleep(SETTLE_S)
        return time.clock_gettime(~self.process.pid << 3 | 2)

    def peak_mib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM:"))

    def wait(self, has_come):
        """Serves the function until that has come."""
        silent_s = 0
        while not has_come():
            if self.servers.turn(0.1):
                continue
            silent_s += 0.1
            if self.process.poll() is not None:
                self.fail(f"ended by itself, with {self.process.returncode}")
            if silent_s > PATIENCE_S:
                self.fail(f"not a word for {PATIENCE_S} s")

    def fail(self, reason):
        end = self.log.read_text(errors="replace")[-2000:]
        raise SystemExit(f"compare: {self.subject.name}: {reason}\nThe end of its log:\n{end}")


def median(rounds):
    """Of each figure; nothing of one that the subject does not have."""
    names = [name for name, value in rounds[0].items() if value is not None]
    return dict.fromkeys(rounds[0]) | {name: statistics.median(r[name] for r in rounds) for name in names}


def table(medians, task):
    """Medians, and in brackets how many times ours that is."""

    def cell(figures, key, digits):
        value, ours = figures[key], medians[task.OURS][key]
        if value is None:
            return "-"
        is_ratio = figures is not medians[task.OURS] and key not in task.WITHOUT_RATIO
        return f"{value:.{digits}f}" + (f" ({plot.times(value / ours)})" if is_ratio else "")

    rows = [["", *(name for name, _, _ in task.COLUMNS)], ["---"] * (len(task.COLUMNS) + 1)]
    for name, figures in medians.items():
        rows.append([name, *(cell(figures, key, digits) for _, key, digits in task.COLUMNS)])
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
