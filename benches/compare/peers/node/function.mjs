import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

const sqs = new SQSClient({});
const QueueUrl = process.env.QUEUE_URL;
const path = `/tencent-vod/main/${process.env.PATH_TOKEN}`;

export const handler = async (event) => {
  if (event.rawPath !== path) return { statusCode: 401 };
  const body = event.isBase64Encoded ? Buffer.from(event.body, "base64").toString() : event.body;
  try {
    JSON.parse(body);
  } catch {
    return { statusCode: 400 };
  }
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageGroupId: "tencent-vod/main", MessageBody: body }));
  return { statusCode: 200 };
};
