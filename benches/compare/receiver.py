"""Compares the receiver with its peers: a callback in, a message on the FIFO queue. README.md says what the figures mean."""

import functools
import json
import random

import plot
from compare import Function, main
from services import Sqs
from subjects import ROOT, binaries, node, python

OURS = "receiver"
WARM, QUICK = 1000, 200
UNMEASURED = 50  # callbacks between the first and those that are measured
TOKEN = "t0ken-of-the-bench"
PATH = f"/tencent-vod/main/{TOKEN}"
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
WITHOUT_RATIO = ["connections"]

QUEUE = "{SQS}/123456789012/callbacks.fifo"
SOURCES = {"tencent-vod/main": {"path_tokens": [TOKEN]}}
OUR_VARIABLES = {"MEDIAHOOK_SOURCES": json.dumps(SOURCES), "MEDIAHOOK_QUEUE_URL": QUEUE, "MEDIAHOOK_BUCKET": "bucket"}
THEIR_VARIABLES = {"QUEUE_URL": QUEUE, "PATH_TOKEN": TOKEN}


def subjects(options):
    """All that can be had here; whoever cannot is named, with the reason."""
    rust = {name: THEIR_VARIABLES for name in ("stock-rust", "tuned-rust", "floor")}
    found = binaries(options, {OURS: OUR_VARIABLES} | rust, OURS)
    for name, find in (("python", python), ("node", node)):
        if not options.only or name in options.only.split(","):
            subject = find(name, THEIR_VARIABLES, options)
            found += [subject] if subject else []
    return found


def settings(warm):
    return f"1 + {UNMEASURED} + {warm} callbacks"


def write(medians, about):
    (ROOT / "docs" / "speed.svg").write_text(plot.svg(medians, OURS, about))


def one_round(subject, warm, certificates, folder):
    with Receiver(subject, certificates, folder / "log", {"SQS": Sqs}) as function:
        init_cpu = function.cpu_s()
        first_wall = function.call()
        first_cpu = function.cpu_s() - init_cpu
        for _ in range(UNMEASURED):
            function.call()
        before = function.cpu_s()
        for _ in range(warm):
            function.call()
        warm_cpu = function.cpu_s() - before
        function.check()
        return {
            "init_cpu_ms": init_cpu * 1e3,
            "first_cpu_ms": first_cpu * 1e3,
            "cold_cpu_ms": (init_cpu + first_cpu) * 1e3,
            "init_wall_ms": function.init_wall_s * 1e3,
            "first_wall_ms": first_wall * 1e3,
            "cold_wall_ms": (function.init_wall_s + first_wall) * 1e3,
            "warm_cpu_us": warm_cpu / warm * 1e6,
            "peak_mib": function.peak_mib(),
            "connections": function.services["SQS"].connections,
            "binary_mb": subject.binary.stat().st_size / 1e6 if subject.binary else None,
        }


class Receiver(Function):
    def call(self):
        """One callback, answered with 200; seconds to the answer."""
        body = callback(*ids())
        self.sent.append(body)
        seconds, answer = self.invoke(invocation(body))
        if answer.get("statusCode") != 200:
            self.fail(f"a callback was answered by {answer}")
        return seconds

    def check(self):
        """Each callback lies in the queue once, whole and in order: alone, or as a part of the message."""
        messages = self.services["SQS"].kept
        if len(messages) != len(self.sent):
            self.fail(f"{len(self.sent)} callbacks were answered, {len(messages)} are in the queue")
        for body, message in zip(self.sent, messages):
            if body not in message["MessageBody"] or not message.get("MessageGroupId"):
                self.fail(f"not what was sent: {message}")


def ids():
    """Of a media and of its task."""
    return f"{random.randrange(10**18, 10**19)}", f"1500017263-PullUpload-{random.randbytes(16).hex()}t0"


def callback(file, task):
    """A Tencent callback like the sample."""
    return sample().replace("{file}", file).replace("{task}", task)


@functools.cache
def sample():
    event = json.loads((ROOT / "events/tencent-vod/PullComplete.json").read_text())
    pulled = event["PullCompleteEvent"]
    pulled["TaskId"], pulled["FileId"], pulled["MediaBasicInfo"]["Vid"] = "{task}", "{file}", "{file}"
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


if __name__ == "__main__":
    import receiver

    main(receiver)
