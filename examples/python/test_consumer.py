"""Without AWS: `python3 -m unittest` in this folder."""

import unittest

from consumer import InProgress, Table, consume

EVENT = {
    "specversion": "1.0",
    "id": "f3c1",
    "source": "tencent-vod/main",
    "type": "com.tencentcloud.vod.PullComplete",
    "outcome": "succeeded",
    "data": {"EventType": "PullComplete", "PullCompleteEvent": {"FileId": "5285890721744908853"}},
}
NOW = 1_795_326_625


class ConditionFailed(Exception):
    pass


class FakeTable:
    """A DynamoDB table, as far as the consumer uses it."""

    class meta:
        class client:
            class exceptions:
                ConditionalCheckFailedException = ConditionFailed

    def __init__(self):
        self.items = {}

    def put_item(self, Item, ConditionExpression=None, ExpressionAttributeValues=None):
        old = self.items.get(Item["id"])
        if ConditionExpression and old and not old["expiresat"] < ExpressionAttributeValues[":now"]:
            raise ConditionFailed
        self.items[Item["id"]] = Item

    def get_item(self, Key, ConsistentRead):
        return {"Item": self.items[Key["id"]]} if Key["id"] in self.items else {}

    def delete_item(self, Key):
        self.items.pop(Key["id"], None)


def no_fetch(bucket, key):
    raise AssertionError("nothing to fetch")


class Consumer(unittest.TestCase):
    def setUp(self):
        self.table = FakeTable()
        self.processed = []

    def consume(self, event=EVENT, fetch=no_fetch, process=None, now=NOW):
        return consume(event, Table(self.table), fetch, process or self.processed.append, now)

    def test_the_same_event_is_processed_once(self):
        self.assertTrue(self.consume())
        self.assertFalse(self.consume())
        self.assertEqual(self.processed, [EVENT])

    def test_a_failure_is_processed_again(self):
        def fail(event):
            raise ValueError("not today")

        with self.assertRaises(ValueError):
            self.consume(process=fail)
        self.assertTrue(self.consume())
        self.assertEqual(len(self.processed), 1)

    def test_while_an_attempt_runs_another_one_does_not_begin_and_its_lease_ends(self):
        def again(event):
            with self.assertRaises(InProgress):
                self.consume()

        self.assertTrue(self.consume(process=again))
        self.table.items["f3c1"]["state"] = "inprogress"
        self.assertTrue(self.consume(now=NOW + 61 * 24 * 3600))

    def test_data_in_the_bucket_is_fetched(self):
        event = {name: value for name, value in EVENT.items() if name != "data"}
        event["dataref"] = "s3://a-bucket/payload/tencent-vod/main/2026/11/22/f3c1.json"

        def fetch(bucket, key):
            self.assertEqual((bucket, key), ("a-bucket", "payload/tencent-vod/main/2026/11/22/f3c1.json"))
            return b'{"EventType":"PullComplete"}'

        self.assertTrue(self.consume(event, fetch))
        self.assertEqual(self.processed[0]["data"], {"EventType": "PullComplete"})


if __name__ == "__main__":
    unittest.main()
