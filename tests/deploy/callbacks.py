"""Callbacks: what each is answered, and where it goes."""

import json
import time

import botocore.exceptions

from cloud import Failed, wait_until
from senders import AUTH_KEY, PATH_TOKEN, SIGN_KEY, alibaba_headers, tencent_body
from stack import expect, permission

POISON = "not an envelope"


def check_tencent(stack):
    stack.post(200, "/tencent-vod/demo", tencent_body("5285485487985271487"))


def check_path_token(stack):
    body = b'{"EventType":"NewFileUpload","FileUploadEvent":{"FileId":"5285485487985271488"}}'
    stack.post(200, f"/tencent-vod/secret-path/{PATH_TOKEN}", body)


def check_alibaba(stack):
    path, body = "/alibaba-ims/demo", b'{"EventType":"FileUploadComplete","MediaId":"1bd0f1b0ab0471ed80f66633b4fe0102"}'
    stack.post(200, path, body, alibaba_headers(stack.domain + path))


def check_sent_again(stack):
    first = stack.post(200, "/tencent-vod/demo", tencent_body("5285485487985271489"))
    # Signed anew: a sender signs each time it sends.
    again = stack.post(200, "/tencent-vod/demo", tencent_body("5285485487985271489", valid_seconds=599))
    expect(first, again)


def check_too_large(stack):
    event = {"EventType": "NewFileUpload", "FileUploadEvent": {"FileId": "1", "Name": "x" * 1024 * 1024}}
    body = json.dumps(event).encode()
    id = stack.post(200, f"/tencent-vod/secret-path/{PATH_TOKEN}", body)
    ((key, data),) = stack.objects("payload/tencent-vod/secret-path/").items()
    expect(True, key.endswith(f"/{id}.json"), key)
    expect(True, data == body, "the data in the bucket is not the data that was sent")


def check_no_event(stack):
    stack.post(400, f"/tencent-vod/secret-path/{PATH_TOKEN}", b"[1]")
    kept = stack.objects("rejected/tencent-vod/secret-path/")
    expect([b"[1]"], [body for key, body in kept.items() if not key.endswith(".json")])
    expect(2, len(kept), "the body, and beside it why")


def check_refused(stack):
    path = "/alibaba-ims/demo"
    stack.post(401, path, b'{"EventType":"FileUploadComplete"}', alibaba_headers(stack.domain + path, "AnotherKey2026"))
    stack.post(401, "/tencent-vod/demo", tencent_body("1", key="AnotherKey2026"))
    stack.post(401, "/tencent-vod/demo", tencent_body("1", valid_seconds=-60))
    stack.post(401, "/tencent-vod/secret-path/wrong", b'{"EventType":"NewFileUpload"}')


def check_unknown_source(stack):
    stack.post(404, "/tencent-vod/nobody", tencent_body("1"))


def check_processed(stack):
    stack.all_are_consumed()


def check_spill(stack):
    event = "0" * 63 + "1"
    envelope = {
        "specversion": "1.0", "id": event, "source": "tencent-vod/demo", "type": "com.tencentcloud.vod.FileDeleted",
        "time": "2026-01-01T00:00:00Z", "datacontenttype": "application/json", "data": {}, "outcome": "succeeded",
        "channel": "push", "recordedtime": "2026-01-01T00:00:00Z",
    }
    stack.s3.put_object(Bucket=stack.bucket, Key=f"spill/tencent-vod/demo/2026/01/01/{event}.json", Body=json.dumps(envelope))
    time.sleep(6)  # the puller leaves what is younger than five seconds for its next run
    functions = stack.cloud.client("lambda")
    # sqs:SendMessage includes the batch on AWS; ministack takes sqs:SendMessageBatch for a permission of its own.
    with permission(stack, "PullerRole", "sqs:SendMessageBatch", stack.attribute(stack.queue, "QueueArn")):
        answer = functions.invoke(FunctionName=stack.resource("Puller"), Payload=b"{}")
    summary = json.loads(answer["Payload"].read())
    # The schedule may have been there first.
    expect(True, summary["spill"]["failed"] == 0 and not summary["spill"].get("error"), f"{summary}")
    wait_until(lambda: not stack.objects("spill/"), 60, lambda: "still in the spill")
    stack.accepted.add(event)
    wait_until(lambda: event in stack.consumed_ids(), 60, lambda: "not processed")


def check_dead_letter(stack):
    stack.sqs.send_message(QueueUrl=stack.queue, MessageBody=POISON, MessageGroupId="1", MessageDeduplicationId="1")
    wait_until(lambda: stack.count(stack.dead_letter_queue), 90, lambda: "the dead-letter queue is empty")
    dead = stack.sqs.receive_message(QueueUrl=stack.dead_letter_queue, VisibilityTimeout=0)["Messages"]
    expect([POISON], [message["Body"] for message in dead])
    expect(0, stack.count(stack.queue), "left in the queue")
    # The one ARN that the template spells out. AWS refuses a redrive that it does not allow; ministack does not.
    allowed = json.loads(stack.attribute(stack.dead_letter_queue, "RedriveAllowPolicy"))["sourceQueueArns"]
    expect([stack.attribute(stack.queue, "QueueArn")], allowed)


def check_tls(stack):
    without_tls = stack.cloud.client("sqs", stack.cloud.plain_endpoint("sqs"))
    for queue in (stack.queue, stack.dead_letter_queue):
        try:
            without_tls.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        except botocore.exceptions.ClientError as error:
            expect("AccessDenied", error.response["Error"]["Code"])
        else:
            raise Failed(f"{queue} answers without TLS")


def check_logs(stack):
    for function in ("receiver", "processor", "puller"):
        for line in stack.log(function):
            expect([], [key for key in (SIGN_KEY, PATH_TOKEN, AUTH_KEY) if key in line], f"in {line}")


def check_schedule(stack):
    name = stack.resource("PullerEveryMinute").rsplit("/")[-1]
    schedule = stack.cloud.client("scheduler").get_schedule(GroupName=stack.resource("ScheduleGroup"), Name=name)
    expect("ENABLED", schedule["State"])
    role = stack.cloud.client("iam").get_role(RoleName=stack.resource("ScheduleRole"))["Role"]
    expect(role["Arn"], schedule["Target"]["RoleArn"])
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    expect({"aws:SourceAccount", "aws:SourceArn"}, set(statement["Condition"]["StringEquals"]))
