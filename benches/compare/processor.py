"""Compares the processor with its peers: a batch of ten events from the FIFO queue in, ten events on a bus, each processed
once. README.md says what the figures mean."""

import datetime
import hashlib
import json
import random

from compare import Function, main
from receiver import callback, ids
from services import DynamoDb, EventBridge, new_id
from subjects import binaries, python

OURS = "processor"
WARM, QUICK = 100, 20
UNMEASURED = 10  # batches between the first and those that are measured
BATCH = 10

# What the table has: name, the round's figure, digits after the point.
COLUMNS = [
    ("binary MB", "binary_mb", 1),
    ("init CPU ms", "init_cpu_ms", 1),
    ("first batch CPU ms", "first_cpu_ms", 1),
    ("init + first CPU ms", "cold_cpu_ms", 1),
    ("warm CPU µs an event", "warm_cpu_us", 0),
    ("calls an event", "calls", 1),
    ("peak MiB", "peak_mib", 1),
    ("connections", "connections", 0),
]
WITHOUT_RATIO = ["calls", "connections"]

OUR_VARIABLES = {
    "MEDIAHOOK_TABLE": "events",
    "MEDIAHOOK_EVENT_BUS": "media",
    "MEDIAHOOK_BUCKET": "bucket",
    "MEDIAHOOK_DEAD_LETTER_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/dead.fifo",
    "MEDIAHOOK_MAX_RECEIVE_COUNT": "5",
}
THEIR_VARIABLES = {"TABLE": "events", "EVENT_BUS": "media"}


def subjects(options):
    """All that can be had here; whoever cannot is named, with the reason."""
    found = binaries(options, {OURS: OUR_VARIABLES, "stock-rust-processor": THEIR_VARIABLES}, OURS)
    if not options.only or "powertools" in options.only.split(","):
        subject = python("powertools", THEIR_VARIABLES, options)
        found += [subject] if subject else []
    return found


def settings(warm):
    return f"1 + {UNMEASURED} + {warm} batches of {BATCH} events"


def write(*_):
    """The processor has no plot."""


def one_round(subject, warm, certificates, folder):
    services = {"DYNAMODB": DynamoDb, "EVENTBRIDGE": EventBridge}
    with Processor(subject, certificates, folder / "log", services) as function:
        init_cpu = function.cpu_s()
        function.call()
        first_cpu = function.cpu_s() - init_cpu
        for _ in range(UNMEASURED):
            function.call()
        before, calls = function.cpu_s(), function.calls()
        for _ in range(warm):
            function.call()
        warm_cpu, calls = function.cpu_s() - before, function.calls() - calls
        function.check()
        return {
            "init_cpu_ms": init_cpu * 1e3,
            "first_cpu_ms": first_cpu * 1e3,
            "cold_cpu_ms": (init_cpu + first_cpu) * 1e3,
            "warm_cpu_us": warm_cpu / (warm * BATCH) * 1e6,
            "calls": calls / (warm * BATCH),
            "peak_mib": function.peak_mib(),
            "connections": sum(service.connections for service in function.services.values()),
            "binary_mb": subject.binary.stat().st_size / 1e6 if subject.binary else None,
        }


class Processor(Function):
    def call(self):
        """One batch, of which no event fails."""
        records = [record() for _ in range(BATCH)]
        self.sent += [record["body"] for record in records]
        _, answer = self.invoke({"Records": records})
        if answer.get("batchItemFailures"):
            self.fail(f"a batch was answered by {answer}")

    def calls(self):
        return sum(service.calls for service in self.services.values())

    def check(self):
        """Each event is on the bus once and whole, and completed in the table."""
        table, bus = self.services["DYNAMODB"].kept, self.services["EVENTBRIDGE"].kept
        if sorted(entry["Detail"] for entry in bus) != sorted(self.sent):
            self.fail(f"{len(self.sent)} events were sent, {len(bus)} are on the bus, or not all are whole")
        completed = [item for item in table.values() if item.get("status") == {"S": "COMPLETED"}]
        if len(completed) != len(self.sent):
            self.fail(f"{len(self.sent)} events were sent, {len(completed)} are completed in the table")


def record():
    """As an event source mapping of a FIFO queue passes it on. Each event has a group of its own."""
    envelope, body = message()
    return {
        "messageId": new_id(),
        "receiptHandle": random.randbytes(180).hex(),
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1795326625000",
            "SequenceNumber": "18867370139571455488",
            "MessageGroupId": f"{envelope['source']}/{envelope['subject']}",
            "SenderId": "AROAEXAMPLE:receiver",
            "MessageDeduplicationId": envelope["id"],
            "ApproximateFirstReceiveTimestamp": "1795326625100",
        },
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:callbacks.fifo",
        "awsRegion": "us-east-1",
    }


def message():
    """The envelope of a Tencent event of a media of its own without its data, and all of it, as the receiver queues it."""
    file, task = ids()
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
    envelope = {
        "specversion": "1.0",
        "id": hashlib.sha256(task.encode()).hexdigest(),
        "source": "tencent-vod/main",
        "type": "com.tencentcloud.vod.PullComplete",
        "subject": file,
        "time": now,
        "datacontenttype": "application/json",
        "outcome": "succeeded",
        "taskid": task,
        "mediaid": file,
        "channel": "push",
        "recordedtime": now,
    }
    text = json.dumps(envelope, separators=(",", ":"))
    return envelope, f'{text[:-1]},"data":{callback(file, task)}}}'


if __name__ == "__main__":
    import processor

    main(processor)
