"""A million callbacks through one receiver process, and a million records through one processor process. Fails if memory, file
descriptors or connections grow. Needs Linux, python3 (3.10 or newer) and openssl (3.0 or newer), and release binaries:

    cargo build --release --bin receiver --bin processor
    benches/soak/soak.py --write
"""

import argparse
import collections
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "compare"))

from receiver import OUR_VARIABLES, callback, invocation  # noqa: E402
from services import Certificates, RuntimeApi, Server  # noqa: E402

SAMPLES = 20
BATCH = 10
MEMORY_MAY_VARY = 0.05  # either way, from the median of all samples but the first
QUEUE = "/123456789012/callbacks.fifo"
MARKS = ("<!-- table: written by soak.py --write -->", "<!-- end of table -->")


class Aws(Server):
    """SQS, S3, DynamoDB and EventBridge, which accept everything and keep the last messages."""

    def __init__(self, tls):
        self.messages = collections.deque(maxlen=BATCH)
        self.calls = collections.Counter()
        super().__init__(tls)

    def answer(self, path, headers, body):
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        if not operation:  # S3, where the receiver puts a callback that a busy machine does not let it queue in time
            self.calls["PutObject"] += 1
            return 200, {"etag": '"0"'}, b""
        answer = getattr(self, operation, None)
        if not answer:
            return 400, {"content-type": "application/x-amz-json-1.0"}, b'{"__type":"UnsupportedOperation"}'
        self.calls[operation] += 1
        return 200, {"content-type": "application/x-amz-json-1.0"}, json.dumps(answer(json.loads(body))).encode()

    def GetQueueAttributes(self, _):
        return {"Attributes": {"FifoQueue": "true", "MaximumMessageSize": "1048576"}}

    def SendMessage(self, sent):
        self.messages.append(sent["MessageBody"])
        return {"MessageId": str(uuid.uuid4())}

    def PutItem(self, _):
        return {}

    def DescribeEventBus(self, _):
        return {"Name": "media"}

    def PutEvents(self, sent):
        self.calls["entries"] += len(sent["Entries"])
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in sent["Entries"]]}


@dataclass
class Sample:
    events: int
    memory_mib: float
    cpu_us: float  # of an event, since the sample before
    descriptors: int
    connections: int  # opened so far


class Process:
    """One process of a function, with a Runtime API and an AWS of its own."""

    def __init__(self, binary, variables, certificates, folder):
        self.api, self.aws = RuntimeApi(), Aws(certificates.server)
        endpoint = f"https://localhost:{self.aws.port}"
        environment = {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.api.port}",
            "AWS_LAMBDA_FUNCTION_NAME": binary.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{binary.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": binary.name,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            "AWS_ENDPOINT_URL": endpoint,
            "SSL_CERT_FILE": str(certificates.bundle),
            **{name: value.replace("{SQS}", endpoint) for name, value in variables.items()},
        }
        self.errors = folder / f"{binary.name}.log"
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen([binary], env=environment, stdout=subprocess.DEVNULL, stderr=errors)
        self.cpu_s = 0.0
        self.api.polls.get(timeout=60)

    def invoke(self, event):
        self.api.events.put(event)
        _, kind, answer = self.api.results.get(timeout=60)
        if kind != "response":
            raise SystemExit(f"soak: {kind}: {answer.decode()}\n{self.errors.read_text()[-2000:]}")
        self.api.polls.get(timeout=60)
        return json.loads(answer)

    def sample(self, events, since):
        pid = self.process.pid
        status = Path(f"/proc/{pid}/status").read_text().splitlines()
        memory = next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))
        before, self.cpu_s = self.cpu_s, time.clock_gettime(~pid << 3 | 2)  # as clock_getcpuclockid(3) names it
        spent = (self.cpu_s - before) / since
        return Sample(events, memory / 1024, spent * 1e6, len(os.listdir(f"/proc/{pid}/fd")), self.aws.connections)

    def run(self, events, number, at_once=1):
        """Invokes until that many events are done: `events` makes an invocation of a number, and checks its response."""
        samples, done, last = [], 0, 0
        while done < number:
            events(done)
            done += at_once
            if done - last >= number / SAMPLES:
                samples.append(self.sample(done, done - last))
                print(f"  {samples[-1]}", flush=True)
                last = done
        return samples

    def end(self):
        self.process.kill()
        self.process.wait()
        self.api.close()
        self.aws.close()


def receive(binary, number, certificates, folder):
    """Callbacks, each of another media asset. Returns the samples, and the last messages in the queue."""
    receiver = Process(binary, OUR_VARIABLES, certificates, folder)
    body = callback()
    file = json.loads(body)["PullCompleteEvent"]["FileId"]
    event = json.dumps(invocation(body))

    def one(number):
        answer = receiver.invoke(event.replace(file, f"{10**18 + number}").encode())
        assert answer["statusCode"] == 200, answer

    try:
        samples = receiver.run(one, number)
        calls = receiver.aws.calls
        assert calls["SendMessage"] + calls["PutObject"] >= number, calls
        if calls["PutObject"]:
            print(f"  {calls['PutObject']} went to the bucket: the machine was too busy")
        return samples, list(receiver.aws.messages)
    finally:
        receiver.end()


def process(binary, number, messages, certificates, folder):
    """Batches of ten events, each with an id of its own."""
    variables = {
        "MEDIAHOOK_TABLE": "table",
        "MEDIAHOOK_EVENT_BUS": "media",
        "MEDIAHOOK_BUCKET": "bucket",
        "MEDIAHOOK_DEAD_LETTER_QUEUE_URL": "{SQS}" + QUEUE,
        "MEDIAHOOK_MAX_RECEIVE_COUNT": "5",
    }
    processor = Process(binary, variables, certificates, folder)
    ids = [json.loads(message)["id"] for message in messages]
    records = [
        {
            "messageId": str(uuid.uuid4()),
            "receiptHandle": "AQEB",
            "body": message,
            "attributes": {"ApproximateReceiveCount": "1", "MessageGroupId": f"group-{at}", "MessageDeduplicationId": ids[at]},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:callbacks.fifo",
            "awsRegion": "us-east-1",
        }
        for at, message in enumerate(messages)
    ]
    batch = json.dumps({"Records": records})

    def one(number):
        event = batch
        for at, id in enumerate(ids):
            event = event.replace(id, f"{number + at:064x}")
        answer = processor.invoke(event.encode())
        assert answer == {"batchItemFailures": []}, answer

    try:
        samples = processor.run(one, number, BATCH)
        calls = processor.aws.calls
        assert calls["entries"] == number and calls["PutItem"] == 2 * number, calls
        return samples
    finally:
        processor.end()


def growth(samples):
    """What grew, in words."""
    settled = samples[1:]
    memory = statistics.median(sample.memory_mib for sample in settled)
    for name, is_flat in [
        ("memory", all(abs(sample.memory_mib / memory - 1) <= MEMORY_MAY_VARY for sample in settled)),
        ("file descriptors", len({sample.descriptors for sample in settled}) == 1),
        ("connections", len({sample.connections for sample in settled}) == 1),
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
    parser.add_argument("--callbacks", type=int, default=1_000_000, help="(1000000)")
    parser.add_argument("--records", type=int, default=1_000_000, help="(1000000)")
    parser.add_argument("--binaries", type=Path, default=target, help="their folder (target/release)")
    parser.add_argument("--write", action="store_true", help="write the table into README.md")
    options = parser.parse_args()
    callbacks, records = (
        max(1, number // (SAMPLES * BATCH)) * SAMPLES * BATCH for number in (options.callbacks, options.records)
    )
    with tempfile.TemporaryDirectory(prefix="mediahook-soak-") as folder:
        folder = Path(folder)
        certificates = Certificates(folder)
        print("receiver")
        received, messages = receive(options.binaries / "receiver", callbacks, certificates, folder)
        print("processor")
        processed = process(options.binaries / "processor", records, messages, certificates, folder)
    results = {"receiver": received, "processor, batches of 10": processed}
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
