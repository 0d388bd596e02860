import {
  ConditionalCheckFailedException, DeleteItemCommand, DynamoDBClient, GetItemCommand, PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";

import { consume, InProgress, type Records } from "./consume.ts";
import type { Envelope, MediaEvent } from "./mediahook-events.ts";

/** Longer than the function's timeout: a record in progress for longer is of an attempt that ended without a result. */
const LEASE_S = 60;
/** Longer than the same event can come again: 14 days in the queue, 14 in the dead-letter queue, 30 in the bus's archive. */
const REMEMBERED_S = 60 * 24 * 3600;

const dynamodb = new DynamoDBClient({});
const s3 = new S3Client({});
const TableName = process.env.TABLE;

const records: Records = {
  async begin(id, nowS) {
    try {
      await dynamodb.send(new PutItemCommand({
        TableName,
        Item: { id: { S: id }, state: { S: "inprogress" }, expiresat: { N: String(nowS + LEASE_S) } },
        ConditionExpression: "attribute_not_exists(id) OR expiresat < :now",
        ExpressionAttributeValues: { ":now": { N: String(nowS) } },
      }));
      return true;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      const found = await dynamodb.send(new GetItemCommand({ TableName, Key: { id: { S: id } }, ConsistentRead: true }));
      if (found.Item?.state?.S === "completed") return false;
      throw new InProgress(id);
    }
  },
  async complete(id, nowS) {
    const Item = { id: { S: id }, state: { S: "completed" }, expiresat: { N: String(nowS + REMEMBERED_S) } };
    await dynamodb.send(new PutItemCommand({ TableName, Item }));
  },
  async release(id) {
    await dynamodb.send(new DeleteItemCommand({ TableName, Key: { id: { S: id } } }));
  },
};

async function fetchObject(Bucket: string, Key: string): Promise<string> {
  const object = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return (await object.Body?.transformToString()) ?? "";
}

/** Your code. It must be idempotent: if the function dies before the record is completed, the event comes again. */
async function processEvent(event: MediaEvent): Promise<void> {
  if (event.type === "com.tencentcloud.vod.PullComplete") {
    const media = event.data.PullCompleteEvent?.FileId;
    console.log(JSON.stringify({ media, outcome: event.outcome, order: event.context }));
  } else {
    console.log(JSON.stringify({ type: event.type, outcome: event.outcome, media: event.mediaid }));
  }
}

export async function handler(event: { detail: Envelope }): Promise<void> {
  await consume(event.detail, records, fetchObject, processEvent, Math.floor(Date.now() / 1000));
}
