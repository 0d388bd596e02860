"""What a million callbacks cost, from list prices and measured sizes.

    benches/model/cost.py            prints the tables
    benches/model/cost.py --write    writes them into docs/cost.md
    benches/model/cost.py --check    fails if docs/cost.md has others
"""

import argparse
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent.parent / "docs/cost.md"

# List prices of us-east-1 in US dollars, read on 2026-11-22: the sources are at the end of docs/cost.md. A million of each, or a GB.
LAMBDA_REQUESTS = 0.20
LAMBDA_GB_S = {"arm64": 0.0000133334, "x86_64": 0.0000166667}
FUNCTION_GB = 0.25
SQS_FIFO = 0.50
SQS_STANDARD = 0.40
DYNAMODB_WRITES = 0.625
DYNAMODB_GB_MONTH = 0.25
EVENTBRIDGE = 1.00
LOG_GB = 0.50
DATA_OUT_GB = 0.09
HTTP_API = 1.00
REST_API = 3.50
GB, GIB = 1e9, 2**30  # CloudWatch and DynamoDB bill by the GiB

# Sizes in bytes, without the line's end. tests/suite/telemetry allows no more for the first two. The third is of ten events.
QUEUED_LINE = 536
PROCESSED_LINE = 251
BATCH_LINE = 480
LOG_OVERHEAD = 26  # CloudWatch adds them to each line
ANSWER = 200
RECORD = 200  # in the table, with what DynamoDB adds
# Milliseconds of waiting for AWS, as assumed, and of CPU, as measured by benches/compare: of a callback, of a batch and of an event.
SQS_MS, RECEIVER_CPU_MS = 10, 0.47
TABLE_AND_HANDLER_MS, PROCESSOR_CPU_MS = 30, 0.55
# What a millisecond of CPU takes at 256 MB: a whole core comes with 1,769 MB.
STRETCHED = 1_769 / 256
RECEIVER_MS = SQS_MS + RECEIVER_CPU_MS * STRETCHED
DAYS = 14  # IdempotencyTtl


def processor_ms(b):
    """Of a batch."""
    return TABLE_AND_HANDLER_MS + b * PROCESSOR_CPU_MS * STRETCHED


def duration(ms, architecture="arm64"):
    """Of a million invocations."""
    return ms * 1_000 * FUNCTION_GB * LAMBDA_GB_S[architecture]


def log(line):
    """Of a million lines."""
    return (line + LOG_OVERHEAD) * 1e6 / GIB * LOG_GB


def items(b, architecture="arm64"):
    """Each item of a million callbacks, in batches of `b`: its name, how many or how much, its price."""
    return [
        ("receiver: requests", "1 M", LAMBDA_REQUESTS),
        (f"receiver: {RECEIVER_MS:.0f} ms at 256 MB, {architecture}", f"{RECEIVER_MS * 1_000 * FUNCTION_GB:,.0f} GB-s", duration(RECEIVER_MS, architecture)),
        (f"receiver: log, {QUEUED_LINE} bytes at most", "1 M lines", log(QUEUED_LINE)),
        ("SQS FIFO: send", "1 M", SQS_FIFO),
        ("SQS FIFO: receive and delete", "2 M / B", 2 * SQS_FIFO / b),
        ("processor: requests", "1 M / B", LAMBDA_REQUESTS / b),
        (
            f"processor: {processor_ms(1):.0f} ms for a batch of one, {processor_ms(10):.0f} of ten",
            f"{processor_ms(1) * 1_000 * FUNCTION_GB:,.0f} and {processor_ms(10) * 100 * FUNCTION_GB:,.0f} GB-s",
            duration(processor_ms(b), architecture) / b,
        ),
        ("DynamoDB: in progress, completed", "2 M writes", 2 * DYNAMODB_WRITES),
        (f"DynamoDB: records for {DAYS} days", "0.2 GB", RECORD * 1e6 / GIB * DAYS / 30 * DYNAMODB_GB_MONTH),
        (f"processor: log, {PROCESSED_LINE} bytes at most", "1 M lines", log(PROCESSED_LINE)),
        (f"processor: metrics, {BATCH_LINE} bytes a batch", "1 M lines / B", log(BATCH_LINE) / b),
        ("data out: the answers", "0.2 GB", ANSWER * 1e6 / GB * DATA_OUT_GB),
    ]


def total(b, architecture="arm64"):
    return sum(price for _, _, price in items(b, architecture))


def receiving():
    """What it costs until the event is in the queue."""
    return sum(price for _, _, price in items(1)[:4]) + items(1)[-1][2]


def million():
    one, ten = items(1), items(10)
    yield "| | quantity | B = 1 | B = 10 |"
    yield "| --- | --- | --- | --- |"
    for (name, quantity, single), (_, _, batched) in zip(one, ten):
        yield f"| {name} | {quantity} | {single:.2f} | {batched:.2f} |"
    yield f"| **with a handler of your own** | | **{total(1):.2f}** | **{total(10):.2f}** |"
    yield f"| an event bus instead: EventBridge, 1 M | | {total(1) + EVENTBRIDGE:.2f} | {total(10) + EVENTBRIDGE:.2f} |"


def alternatives():
    """Each receives only; its price, and what it does not do."""
    own = receiving()
    function = duration(RECEIVER_MS) + LAMBDA_REQUESTS
    forms = [
        ("mediahook's receiver, with its log", own, "–"),
        ("API Gateway, HTTP API → SQS FIFO", HTTP_API + SQS_FIFO, "verify; store when SQS fails; deduplicate; take what is too large for SQS"),
        ("API Gateway, REST API → SQS FIFO", REST_API + SQS_FIFO, "the same"),
        ("API Gateway, HTTP API → Lambda → SQS FIFO", HTTP_API + function + SQS_FIFO, "what your code does not"),
        ("EventBridge's quick start for webhooks", function + EVENTBRIDGE, "know these senders; keep order; store when the bus fails"),
    ]
    yield "| | dollars a million | does not |"
    yield "| --- | --- | --- |"
    for name, price, lacks in forms:
        yield f"| {name} | {price:.2f} | {lacks} |"


TABLES = {"million": million, "alternatives": alternatives}


def written(page):
    """The page with today's tables."""
    for name, lines in TABLES.items():
        begin, end = f"<!-- {name}: written by benches/model/cost.py --write -->", f"<!-- end of {name} -->"
        before, rest = page.split(begin)
        page = f"{before}{begin}\n" + "\n".join(lines()) + f"\n{end}{rest.split(end)[1]}"
    return page


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.write:
        PAGE.write_text(written(PAGE.read_text()))
    elif options.check:
        sys.exit("docs/cost.md: benches/model/cost.py --write" if written(PAGE.read_text()) != PAGE.read_text() else 0)
    else:
        print("\n\n".join("\n".join(lines()) for lines in TABLES.values()))
        print(f"\nx86_64: {total(10, 'x86_64') - total(10):+.2f} at B = 10")


if __name__ == "__main__":
    main()
