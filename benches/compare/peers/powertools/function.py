import json
import os

import boto3
from aws_lambda_powertools.utilities.batch import SqsFifoPartialProcessor, process_partial_response
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)

EVENT_BUS = os.environ["EVENT_BUS"]

events = boto3.client("events")
processor = SqsFifoPartialProcessor(skip_group_on_error=True)
persistence = DynamoDBPersistenceLayer(table_name=os.environ["TABLE"])
config = IdempotencyConfig(event_key_jmespath="id", expires_after_seconds=14 * 24 * 3600)


@idempotent_function(data_keyword_argument="event", config=config, persistence_store=persistence)
def put(event, body):
    entry = {"EventBusName": EVENT_BUS, "Source": "callbacks", "DetailType": event["type"], "Detail": body}
    answer = events.put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        raise RuntimeError(answer["Entries"][0]["ErrorCode"])


def process(record):
    put(event=json.loads(record.body), body=record.body)


def handler(event, context):
    config.register_lambda_context(context)
    return process_partial_response(event, process, processor, context)
