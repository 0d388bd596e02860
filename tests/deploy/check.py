"""What a deployment promises, checked one by one. Started by `run`."""

import contextlib
import hashlib
import importlib.metadata
import json
import signal
import sys
import time

import botocore.exceptions

from cloud import REGION, ROOT, Cloud, Failed, http_request, tail, wait_until

STACK = "mediahook"  # as in samconfig.toml
SIGN_KEY, PATH_TOKEN, AUTH_KEY = "DemoSignKey2026", "4c1f0e9b7a", "DemoAuthKey2026"
SOURCES = {
    "tencent-vod/demo": {"sign_keys": [SIGN_KEY]},
    "tencent-vod/secret-path": {"path_tokens": [PATH_TOKEN]},
    "alibaba-ims/demo": {"auth_keys": [AUTH_KEY]},
}
# Small, so that the dead-letter queue is reached within seconds. Everything else is the template's default.
SMALL = {"ProcessorTimeout": 5, "VisibilityTimeout": 5, "MaxReceiveCount": 2}
POISON = "not an envelope"


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an end from outside takes everything down, too
    with Cloud() as cloud:
        tools = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("aws-sam-cli", "ministack"))
        print(f"deploy: for {cloud.architecture}, with {tools}, at {cloud.endpoint}", flush=True)
        passed, failed = run_checks(cloud)
        if failed:
            print(f"The end of ministack's log:\n{tail(cloud.log)}")
    skipped = len(CHECKS) - passed - failed
    print(f"deploy: {passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


def run_checks(cloud):
    stack, passed, failed = Stack(cloud), 0, 0
    for name, check in CHECKS:
        started = time.monotonic()
        try:
            check(stack)
        except Exception as error:  # whatever it is: it is this check's failure, and the others have their turn
            failed += 1
            print(f"  FAILED  {name}\n{type(error).__name__}: {error}", flush=True)
            if not stack.is_deployed:
                break
        else:
            passed += 1
            print(f"  ok      {name:<75}{time.monotonic() - started:7.1f} s", flush=True)
    return passed, failed


class Stack:
    """The deployed stack, as a sender and as its owner see it."""

    def __init__(self, cloud):
        self.cloud = cloud
        self.is_deployed = False
        self.accepted = set()  # ids

    def read_outputs(self):
        (stack,) = self.cloud.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        self.queue, self.dead_letter_queue = outputs["QueueUrl"], outputs["DeadLetterQueueUrl"]
        self.bucket, self.secret = outputs["BucketName"], outputs["SourcesSecretArn"]
        self.domain = outputs["ReceiverUrl"].removeprefix("https://").removesuffix("/")
        self.sqs, self.s3 = self.cloud.client("sqs"), self.cloud.client("s3")
        self.is_deployed = True

    def post(self, expected_status, path, body, headers=None):
        """Posts to the function URL, and gives the id in the answer if there is to be one."""
        headers = {"Host": self.domain, "Content-Type": "application/json", **(headers or {})}
        status, answer = http_request(self.cloud.endpoint + path, body, headers)
        expect(expected_status, status, answer)
        if status != 200:
            return None
        self.accepted.add(json.loads(answer)["id"])
        return json.loads(answer)["id"]

    def attribute(self, queue, name):
        return self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=[name])["Attributes"][name]

    def count(self, queue):
        """The messages in a queue, in flight or not."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        return sum(int(self.attribute(queue, name)) for name in names)

    def objects(self, prefix):
        """The bodies of the objects below a prefix, by key."""
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])
        keys = [item["Key"] for item in listed]
        return {key: self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read() for key in keys}

    def resource(self, logical_id):
        """The physical id of a resource of the stack."""
        described = self.cloud.client("cloudformation").describe_stack_resource(
            StackName=STACK, LogicalResourceId=logical_id
        )
        return described["StackResourceDetail"]["PhysicalResourceId"]

    def log(self, function):
        paginator = self.cloud.client("logs").get_paginator("filter_log_events")
        pages = paginator.paginate(logGroupName=self.resource(f"{function.capitalize()}Logs"))
        return [event["message"] for page in pages for event in page["events"]]


def check_template(stack):
    stack.cloud.sam("validate", "--lint", seconds=120)


def check_build(stack):
    # A folder of its own: `.aws-sam` may hold what somebody is about to deploy.
    cloud = stack.cloud
    cloud.sam("build", "--build-dir", f"{cloud.folder}/build",
              "--parameter-overrides", f"Architecture={cloud.architecture}", seconds=3600)


def check_deploy(stack):
    cloud = stack.cloud
    parameters = cloud.folder / "parameters.yaml"
    parameters.write_text(json.dumps({"Architecture": cloud.architecture, "Sources": json.dumps(SOURCES), **SMALL}))
    cloud.sam("deploy", "--config-file", f"{ROOT}/samconfig.toml", "--template-file", f"{cloud.folder}/build/template.yaml",
              "--parameter-overrides", f"file://{parameters}", "--no-confirm-changeset", seconds=300)
    stack.read_outputs()


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
    def unprocessed():
        log = stack.log("processor")
        return [event for event in stack.accepted if not any(event in line for line in effects(log))]

    def effects(log):
        return [line for line in log if '"message":"event"' in line]

    wait_until(lambda: not unprocessed(), 60, lambda: f"not in the processor's log: {unprocessed()}")
    wait_until(lambda: stack.count(stack.queue) == 0, 60, lambda: f"{stack.count(stack.queue)} left in the queue")
    log = effects(stack.log("processor"))
    for event in stack.accepted:
        expect(1, sum(event in line for line in log), f"effects of {event}")


def check_spill(stack):
    event = "0" * 63 + "1"
    envelope = {
        "specversion": "1.0", "id": event, "source": "tencent-vod/demo", "type": "com.tencentcloud.vod.FileDeleted",
        "time": "2026-01-01T00:00:00Z", "datacontenttype": "application/json", "data": {}, "outcome": "succeeded",
        "channel": "push", "receivedtime": "2026-01-01T00:00:00Z",
    }
    stack.s3.put_object(Bucket=stack.bucket, Key=f"spill/tencent-vod/demo/2026/01/01/{event}.json", Body=json.dumps(envelope))
    functions = stack.cloud.client("lambda")
    (puller,) = [f for f in functions.list_functions()["Functions"] if "Puller" in f["FunctionName"]]
    with batch_permission(stack, puller["Role"].rsplit("/")[-1]):
        answer = functions.invoke(FunctionName=puller["FunctionName"], Payload=b"{}")
    summary = json.loads(answer["Payload"].read())
    # The schedule may have been there first.
    expect(True, summary["spill"]["failed"] == 0 and not summary["spill"].get("error"), f"{summary}")
    wait_until(lambda: not stack.objects("spill/"), 60, lambda: "still in the spill")
    wait_until(lambda: any(event in line for line in stack.log("processor")), 60, lambda: "not processed")


@contextlib.contextmanager
def batch_permission(stack, role):
    """What sqs:SendMessage includes on AWS: ministack takes sqs:SendMessageBatch for a permission of its own."""
    allowed = {"Effect": "Allow", "Action": "sqs:SendMessageBatch", "Resource": stack.attribute(stack.queue, "QueueArn")}
    iam, name = stack.cloud.client("iam"), {"RoleName": role, "PolicyName": "batch"}
    iam.put_role_policy(**name, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}))
    yield
    iam.delete_role_policy(**name)


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
    without_tls = stack.cloud.client("sqs", stack.cloud.plain_endpoint)
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


def check_delete(stack):
    stack.cloud.sam("delete", "--no-prompts", "--stack-name", STACK, "--region", REGION, seconds=300)
    expect([], stack.cloud.client("lambda").list_functions()["Functions"])
    queue_names = [url.rsplit("/")[-1] for url in stack.sqs.list_queues()["QueueUrls"]]
    expect([stack.dead_letter_queue.rsplit("/")[-1]], queue_names)
    expect(1, stack.count(stack.dead_letter_queue))
    expect([stack.bucket], [b["Name"] for b in stack.s3.list_buckets()["Buckets"] if b["Name"] == stack.bucket])


CHECKS = [
    ("the template is valid, and lint finds nothing", check_template),
    ("sam build: every binary", check_build),
    ("sam deploy: every resource", check_deploy),
    ("Tencent VOD, signed: 200 with an id", check_tencent),
    ("Tencent VOD, secret path: 200 with an id", check_path_token),
    ("Alibaba IMS, signed for the function URL: 200 with an id", check_alibaba),
    ("the same event sent again: 200 with the same id", check_sent_again),
    ("too large for the queue: 200, the data in the bucket", check_too_large),
    ("no event: 400, the body in the bucket", check_no_event),
    ("forged, stale, wrong token: 401", check_refused),
    ("unknown source: 404", check_unknown_source),
    ("every event was processed, once, and the queue is empty", check_processed),
    ("what was spilled is pulled, and processed", check_spill),
    ("what nobody can process lands in the dead-letter queue", check_dead_letter),
    ("the queues refuse a call without TLS", check_tls),
    ("no key is in a log", check_logs),
    ("sam delete: nothing remains but the dead-letter queue and the bucket", check_delete),
]


def tencent_body(file_id, key=SIGN_KEY, valid_seconds=600):
    expiry = int(time.time()) + valid_seconds
    event = {"EventType": "FileDeleted", "FileDeleteEvent": {"FileIdSet": [file_id]}}
    return json.dumps(event | {"Sign": md5(f"{key}{expiry}"), "T": expiry}).encode()


def alibaba_headers(url, key=AUTH_KEY):
    now = int(time.time())
    return {"X-ICE-TIMESTAMP": str(now), "X-ICE-SIGNATURE": md5(f"https://{url}|{now}|{key}")}


def md5(text):
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def expect(expected, got, detail=""):
    if expected != got:
        raise Failed(f"expected {expected!r}, got {got!r} {detail}")


if __name__ == "__main__":
    sys.exit(main())
