"""A consumer of mediahook's events in Python: a function behind a rule on the bus.

EventBridge delivers at least once, so each event is processed once by its `id`, with a record in a table: in progress,
then completed. Data that was too large for the queue is fetched from the bucket (`dataref`).
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any, Callable, Protocol, cast
from urllib.parse import urlsplit

if TYPE_CHECKING:  # the types of all senders' events: not for Lambda to load
    from mediahook_events import Envelope, MediaEvent

# Longer than the function's timeout: a record in progress for longer is of an attempt that ended without a result.
LEASE_S = 60
# Longer than the same event can come again: 14 days in the queue, 14 in the dead-letter queue, 30 in the bus's archive.
REMEMBERED_S = 60 * 24 * 3600


class Records(Protocol):
    """The idempotency records."""

    def begin(self, event_id: str, now_s: int) -> bool:
        """True: process it. False: it is completed. Raises InProgress while another attempt runs."""

    def complete(self, event_id: str, now_s: int) -> None: ...

    def release(self, event_id: str) -> None: ...


class InProgress(Exception):
    """Another attempt processes the event. Lambda calls again later."""


def consume(
    event: Envelope,
    records: Records,
    fetch: Callable[[str, str], bytes],
    process: Callable[[MediaEvent], None],
    now_s: int,
) -> bool:
    """Processes an event once. False if it was completed before. An error of `process` is the caller's to raise."""
    if not records.begin(event["id"], now_s):
        return False
    try:
        if dataref := event.get("dataref"):
            place = urlsplit(dataref)
            event = {**event, "data": json.loads(fetch(place.netloc, place.path.lstrip("/")))}
        process(cast("MediaEvent", event))
    except BaseException:
        records.release(event["id"])
        raise
    records.complete(event["id"], now_s)
    return True


def process(event: MediaEvent) -> None:
    """Your code. It must be idempotent: if the function dies before the record is completed, the event comes again."""
    if event["type"] == "com.tencentcloud.vod.PullComplete":
        pull = event["data"].get("PullCompleteEvent") or {}
        print(json.dumps({"media": pull.get("FileId"), "outcome": event["outcome"], "order": event.get("context")}))
    else:
        print(json.dumps({"type": event["type"], "outcome": event["outcome"], "media": event.get("mediaid")}))


class Table:
    """The records in a DynamoDB table with the key `id` and the TTL attribute `expiresat`."""

    def __init__(self, table: Any) -> None:
        self.table = table

    def begin(self, event_id: str, now_s: int) -> bool:
        failed = self.table.meta.client.exceptions.ConditionalCheckFailedException
        try:
            self.table.put_item(
                Item={"id": event_id, "state": "inprogress", "expiresat": now_s + LEASE_S},
                ConditionExpression="attribute_not_exists(id) OR expiresat < :now",
                ExpressionAttributeValues={":now": now_s},
            )
            return True
        except failed:
            found = self.table.get_item(Key={"id": event_id}, ConsistentRead=True).get("Item", {})
            if found.get("state") == "completed":
                return False
            raise InProgress(event_id) from None

    def complete(self, event_id: str, now_s: int) -> None:
        self.table.put_item(Item={"id": event_id, "state": "completed", "expiresat": now_s + REMEMBERED_S})

    def release(self, event_id: str) -> None:
        self.table.delete_item(Key={"id": event_id})


def handler(event: dict[str, Any], context: object) -> None:
    import boto3  # in Lambda's runtime

    table = Table(boto3.resource("dynamodb").Table(os.environ["TABLE"]))
    s3 = boto3.client("s3")

    def fetch(bucket: str, key: str) -> bytes:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    consume(event["detail"], table, fetch, process, int(time.time()))
