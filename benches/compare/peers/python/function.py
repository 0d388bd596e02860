import base64
import json
import os

import boto3

sqs = boto3.client("sqs")
QUEUE_URL = os.environ["QUEUE_URL"]
PATH = "/tencent-vod/main/" + os.environ["PATH_TOKEN"]


def handler(event, context):
    if event["rawPath"] != PATH:
        return {"statusCode": 401}
    body = event["body"]
    if event["isBase64Encoded"]:
        body = base64.b64decode(body).decode()
    try:
        json.loads(body)
    except ValueError:
        return {"statusCode": 400}
    sqs.send_message(QueueUrl=QUEUE_URL, MessageGroupId="tencent-vod/main", MessageBody=body)
    return {"statusCode": 200}
