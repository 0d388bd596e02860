// Without AWS: `npm ci && npm test` in this folder.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { consume, InProgress, type Records } from "../src/consume.ts";
import type { Envelope, MediaEvent } from "../src/mediahook-events.ts";

const EVENT: Envelope = {
  specversion: "1.0",
  id: "f3c1",
  source: "tencent-vod/main",
  type: "com.tencentcloud.vod.PullComplete",
  outcome: "succeeded",
  data: { EventType: "PullComplete" },
};

let states: Map<string, string>;
let processed: MediaEvent[];

const records: Records = {
  async begin(id) {
    if (states.get(id) === "completed") return false;
    if (states.has(id)) throw new InProgress(id);
    states.set(id, "inprogress");
    return true;
  },
  async complete(id) { states.set(id, "completed"); },
  async release(id) { states.delete(id); },
};
const noFetch = async (): Promise<string> => { throw new Error("nothing to fetch"); };
const note = async (event: MediaEvent): Promise<void> => { processed.push(event); };

beforeEach(() => {
  states = new Map();
  processed = [];
});

test("the same event is processed once", async () => {
  assert.equal(await consume(EVENT, records, noFetch, note, 0), true);
  assert.equal(await consume(EVENT, records, noFetch, note, 0), false);
  assert.equal(processed.length, 1);
});

test("a failure is processed again", async () => {
  await assert.rejects(consume(EVENT, records, noFetch, async () => { throw new Error("not today"); }, 0), /not today/);
  assert.equal(await consume(EVENT, records, noFetch, note, 0), true);
});

test("while an attempt runs another one does not begin", async () => {
  const again = async (): Promise<void> => { await assert.rejects(consume(EVENT, records, noFetch, note, 0), InProgress); };
  assert.equal(await consume(EVENT, records, noFetch, again, 0), true);
  assert.equal(processed.length, 0);
});

test("data in the bucket is fetched", async () => {
  const { data: _, ...rest } = EVENT;
  const event = { ...rest, dataref: "s3://a-bucket/payload/tencent-vod/main/2026/11/22/f3c1.json" };
  const fetchObject = async (bucket: string, key: string): Promise<string> => {
    assert.deepEqual([bucket, key], ["a-bucket", "payload/tencent-vod/main/2026/11/22/f3c1.json"]);
    return '{"EventType":"PullComplete"}';
  };
  await consume(event, records, fetchObject, note, 0);
  assert.deepEqual(processed[0]?.data, { EventType: "PullComplete" });
});
