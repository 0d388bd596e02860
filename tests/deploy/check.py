"""What a deployment promises, checked one by one. Started by `run`."""

import argparse
import contextlib
import hashlib
import importlib.metadata
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

import botocore.exceptions
from samcli.yamlhelper import yaml_parse

from cloud import REGION, ROOT, Cloud, Failed, http_request, tail, wait_until

STACK = "mediahook"  # as in samconfig.toml
SIGN_KEY, PATH_TOKEN, AUTH_KEY = "DemoSignKey2026", "4c1f0e9b7a", "DemoAuthKey2026"
SOURCES = {
    "tencent-vod/demo": {"sign_keys": [SIGN_KEY]},
    "tencent-vod/secret-path": {"path_tokens": [PATH_TOKEN]},
    "alibaba-ims/demo": {"auth_keys": [AUTH_KEY]},
}
# ministack's CloudFormation has no AWS::Events::Archive: the archive of the bus is the one resource that is not deployed here.
DEFAULTS = {"Sources": json.dumps(SOURCES), "ArchiveRetentionDays": 0}
POISON = "not an envelope"


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--build", type=pathlib.Path, metavar="FOLDER",
                           help="keeps what sam build makes in this folder, or uses what an earlier run has left there")
    arguments.add_argument("--only", metavar="WORDS", help="runs only checks with these words in their names, and what they need")
    arguments = arguments.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an end from outside takes everything down, too
    with Cloud(arguments.build) as cloud:
        tools = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("aws-sam-cli", "ministack"))
        print(f"deploy: for {cloud.architecture}, with {tools}, at {cloud.endpoint}", flush=True)
        chosen = [(name, check) for name, check in CHECKS
                  if not arguments.only or arguments.only in name or check in (check_build, check_deploy)]
        passed, failed = run_checks(cloud, chosen)
        if failed:
            print(f"The end of ministack's log:\n{tail(cloud.log)}")
    skipped = len(CHECKS) - passed - failed
    print(f"deploy: {passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


def run_checks(cloud, checks):
    stack, passed, failed = Stack(cloud, STACK), 0, 0
    for name, check in checks:
        started = time.monotonic()
        try:
            check(stack)
        except Exception as error:  # whatever it is: it is this check's failure, and the others have their turn
            failed += 1
            print(f"  FAILED  {name}\n{type(error).__name__}: {error}", flush=True)
            if check in (check_build, check_deploy):
                break
        else:
            passed += 1
            print(f"  ok      {name:<80}{time.monotonic() - started:7.1f} s", flush=True)
    return passed, failed


class Stack:
    """A stack, as a sender and as its owner see it."""

    def __init__(self, cloud, name):
        self.cloud, self.name = cloud, name
        self.accepted = set()  # ids
        self.sqs, self.s3 = cloud.client("sqs"), cloud.client("s3")

    def deploy(self, template=None, **parameters):
        """Deploys the template that was built, or another one beside it. What is not given stays as it was, as SAM has it."""
        file = self.cloud.folder / "parameters.yaml"
        file.write_text(json.dumps(parameters))
        self.cloud.sam(
            "deploy", "--config-file", f"{ROOT}/samconfig.toml", "--stack-name", self.name,
            "--template-file", str(template or self.cloud.build / "template.yaml"),
            "--parameter-overrides", f"file://{file}", "--no-confirm-changeset", seconds=300,
        )
        self.read_outputs()

    def delete(self):
        self.cloud.sam("delete", "--no-prompts", "--stack-name", self.name, "--region", REGION, seconds=300)

    def outputs(self):
        (stack,) = self.cloud.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def read_outputs(self):
        outputs = self.outputs()
        self.queue, self.dead_letter_queue = outputs["QueueUrl"], outputs["DeadLetterQueueUrl"]
        self.bucket, self.secret = outputs["BucketName"], outputs["SourcesSecretArn"]
        self.bus, self.url = outputs.get("EventBusArn", "").rsplit("/")[-1], outputs.get("ReceiverUrl")
        self.domain = self.url and self.url.removeprefix("https://").removesuffix("/")

    def post(self, expected_status, path, body, headers=None):
        """Posts to the stack's address, and gives the id in the answer if there is to be one."""
        headers = {"Host": self.domain, "Content-Type": "application/json", **(headers or {})}
        status, answer = http_request(self.cloud.endpoint + path, body, headers)
        expect(expected_status, status, answer)
        if status != 200:
            return None
        self.accepted.add(json.loads(answer)["id"])
        return json.loads(answer)["id"]

    def consume(self, bus):
        """A consumer of all that mediahook puts on a bus: a rule, with a queue as its target."""
        name = f"consumer-{self.name}"
        self.consumer = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self.attribute(self.consumer, "QueueArn")
        allow = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        self.sqs.set_queue_attributes(QueueUrl=self.consumer, Attributes={"Policy": policy})
        events = self.cloud.client("events")
        events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps({"source": ["mediahook"]}))
        events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "1", "Arn": arn}])
        self.consumed = []

    def consumed_ids(self):
        """The ids of the events on the bus so far, in the order in which they arrived."""
        while messages := self.sqs.receive_message(QueueUrl=self.consumer, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                self.consumed.append(json.loads(message["Body"])["detail"]["id"])
                self.sqs.delete_message(QueueUrl=self.consumer, ReceiptHandle=message["ReceiptHandle"])
        return self.consumed

    def all_are_consumed(self):
        wait_until(lambda: self.accepted <= set(self.consumed_ids()), 60,
                   lambda: f"not on the bus: {self.accepted - set(self.consumed)}")
        wait_until(lambda: self.count(self.queue) == 0, 60, lambda: f"{self.count(self.queue)} left in the queue")
        expect(sorted(self.accepted), sorted(self.consumed), "on the bus, each once")

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
            StackName=self.name, LogicalResourceId=logical_id
        )
        return described["StackResourceDetail"]["PhysicalResourceId"]

    def resources(self):
        """The logical ids of all resources."""
        pages = self.cloud.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.name)
        return [resource["LogicalResourceId"] for page in pages for resource in page["StackResourceSummaries"]]

    def variables(self, function):
        configuration = self.cloud.client("lambda").get_function_configuration(FunctionName=self.resource(function))
        return configuration["Environment"]["Variables"]

    def mapping(self):
        """The event source mapping's id."""
        (mapping,) = self.cloud.client("lambda").list_event_source_mappings(FunctionName=self.resource("Processor"))["EventSourceMappings"]
        return mapping["UUID"]

    def log(self, function):
        paginator = self.cloud.client("logs").get_paginator("filter_log_events")
        pages = paginator.paginate(logGroupName=self.resource(f"{function.capitalize()}Logs"))
        return [event["message"] for page in pages for event in page["events"]]


class Edge(Stack):
    """A stack of template-edge.yaml, which has nothing but an address."""

    def deploy(self, **parameters):
        super().deploy(ROOT / "template-edge.yaml", **parameters)

    def read_outputs(self):
        self.domain = self.outputs()["DistributionDomain"]


def check_template(stack):
    stack.cloud.sam("validate", "--lint", seconds=120)


def check_build(stack):
    # A folder of its own: `.aws-sam` may hold what somebody is about to deploy. A copy of the template, for this machine.
    cloud, built = stack.cloud, stack.cloud.build / "template.yaml"
    text = (ROOT / "template.yaml").read_text().replace("Architectures: [arm64]", f"Architectures: [{cloud.architecture}]")
    copy = cloud.folder / "template.yaml"
    copy.write_text(text)
    if not built.exists():
        cloud.sam("build", "--build-dir", str(cloud.build), "--template-file", str(copy), "--base-dir", str(ROOT), seconds=3600)
    built.write_text(json.dumps(for_ministack(yaml_parse(text))))


def for_ministack(template, code=None):
    """The template with the functions that were built, or with this code, less what ministack's CloudFormation does not have."""
    template["Globals"]["Function"].pop("CodeUri", None)
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            properties["CodeUri"] = code[name] if code else name
        # No alarms on an expression: this one is then on the first metric in it.
        if resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in properties:
            stat = next(metric["MetricStat"] for metric in properties.pop("Metrics") if "MetricStat" in metric)
            properties |= stat["Metric"] | {"Statistic": stat["Stat"], "Period": stat["Period"]}
    return template


def check_deploy(stack):
    stack.deploy(**DEFAULTS)
    stack.consume(stack.bus)


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


@contextlib.contextmanager
def permission(stack, role, action, resource):
    """What a role has on AWS, and ministack reads otherwise."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    iam, name = stack.cloud.client("iam"), {"RoleName": stack.resource(role), "PolicyName": "as-on-aws"}
    iam.put_role_policy(**name, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    try:
        yield
    finally:
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


def check_schedule(stack):
    name = stack.resource("PullerEveryMinute").rsplit("/")[-1]
    schedule = stack.cloud.client("scheduler").get_schedule(GroupName=stack.resource("ScheduleGroup"), Name=name)
    expect("ENABLED", schedule["State"])
    role = stack.cloud.client("iam").get_role(RoleName=stack.resource("ScheduleRole"))["Role"]
    expect(role["Arn"], schedule["Target"]["RoleArn"])
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    expect({"aws:SourceAccount", "aws:SourceArn"}, set(statement["Condition"]["StringEquals"]))


def check_own_secret(stack):
    """Keys that were rotated outlive a deployment once the stack knows the secret by its ARN alone."""
    secrets = stack.cloud.client("secretsmanager")
    rotated = json.dumps(SOURCES | {"tencent-vod/added": {"path_tokens": ["token-added"]}})
    secrets.put_secret_value(SecretId=stack.secret, SecretString=rotated)
    before, url = stack.secret, stack.url
    stack.deploy(SourcesSecretArn=stack.secret)
    expect((before, url), (stack.secret, stack.url))
    expect(False, "SourcesSecret" in stack.resources(), "the stack still writes to the secret")
    stack.deploy(SourcesSecretArn=stack.secret, Sources='{"tencent-vod/older": {"path_tokens": ["token-of-before"]}}')
    expect(rotated, secrets.get_secret_value(SecretId=stack.secret)["SecretString"])
    stack.post(200, "/tencent-vod/demo", tencent_body("5285485487985271490"))
    stack.all_are_consumed()


def check_delete(stack):
    logs = [stack.resource(f"{name}Logs") for name in ("Receiver", "Processor", "Puller")]
    # An event in the queue, and one in the spill, which only what is retained still holds.
    stack.cloud.client("lambda").update_event_source_mapping(UUID=stack.mapping(), Enabled=False)
    time.sleep(2)
    stack.post(200, "/tencent-vod/demo", tencent_body("5285485487985271491"))
    stack.s3.put_object(Bucket=stack.bucket, Key="spill/deleted-with.json", Body=b"{}")
    waiting, dead = stack.count(stack.queue), stack.count(stack.dead_letter_queue)
    expect((1, 1), (waiting, dead))
    stack.delete()
    remaining = stack.cloud.client("lambda").list_functions()["Functions"]
    expect([], [f["FunctionName"] for f in remaining if f["FunctionName"].startswith(f"{STACK}-")])
    expect((waiting, dead), (stack.count(stack.queue), stack.count(stack.dead_letter_queue)))
    for queue in (stack.queue, stack.dead_letter_queue):
        expect(True, "aws:SecureTransport" in stack.attribute(queue, "Policy"), "the queue's policy")
    expect({"spill/deleted-with.json": b"{}"}, stack.objects("spill/"))
    expect(True, "aws:SecureTransport" in stack.s3.get_bucket_policy(Bucket=stack.bucket)["Policy"], "the bucket's policy")
    expect("Enabled", stack.s3.get_bucket_versioning(Bucket=stack.bucket)["Status"])
    expect(True, "added" in stack.cloud.client("secretsmanager").get_secret_value(SecretId=stack.secret)["SecretString"])
    stack.cloud.client("events").describe_event_bus(Name=stack.bus)
    groups = stack.cloud.client("logs").get_paginator("describe_log_groups").paginate()
    names = [group["logGroupName"] for page in groups for group in page["logGroups"]]
    expect([], [name for name in logs if name not in names], "log groups that are gone")


def check_redeploy(stack):
    """Under the same name, while all that was retained is still there. A new stack with everything made by it alone."""
    # Not the dead-letter queue: ministack generates the same name for it again, AWS never does.
    old = {stack.queue, stack.bucket, stack.secret, stack.bus}
    stack.deploy(**DEFAULTS)
    expect(set(), old & {stack.queue, stack.bucket, stack.secret, stack.bus})
    stack.sqs.delete_queue(QueueUrl=stack.consumer)
    stack.accepted = set()
    stack.consume(stack.bus)
    stack.post(200, "/tencent-vod/demo", tencent_body("5285485487985271492"))
    stack.all_are_consumed()
    stack.delete()


def check_missing_bus(main):
    """On AWS, CloudFormation creates the rule by this call, and fails with it. ministack's does not ask for the bus."""
    template = yaml_parse((ROOT / "template.yaml").read_text())
    rule = template["Resources"]["EventBusGuard"]["Properties"] | {"EventBusName": "no-such-bus"}
    rule["EventPattern"] = json.dumps(rule["EventPattern"])
    try:
        main.cloud.client("events").put_rule(Name="guard", **rule)
    except botocore.exceptions.ClientError as error:
        expect("ResourceNotFoundException", error.response["Error"]["Code"])
    else:
        raise Failed("a rule on a bus that does not exist")
    # And where there is no such bus all the same, the processor puts nothing on it.
    stack = Stack(main.cloud, "missing-bus")
    stack.deploy(**DEFAULTS, EventBus="EXISTING", EventBusName="no-such-bus")
    expect(True, "EventBusGuard" in stack.resources())
    # Of this one action, ministack takes the name of the bus for the name of a rule.
    with permission(stack, "ProcessorRole", "events:DescribeEventBus", "*"):
        check_nothing_is_put(stack)
    stack.delete()


def check_nothing_is_put(stack):
    stack.post(200, "/tencent-vod/demo", tencent_body("5285485487985271497"))
    wait_until(lambda: any("Misconfigured" in line for line in stack.log("processor")), 60, lambda: f"no line says so: {stack.log('processor')}")
    expect(1, stack.count(stack.queue), "the event, in the queue")


def check_existing_bus(main):
    main.cloud.client("events").create_event_bus(Name="media")
    stack = Stack(main.cloud, "existing-bus")
    stack.deploy(**DEFAULTS, EventBus="EXISTING", EventBusName="media")
    expect(False, {"Bus", "BusArchive"} & set(stack.resources()) != set(), "a bus of its own")
    stack.consume("media")
    stack.post(200, "/tencent-vod/demo", tencent_body("5285485487985271493"))
    stack.all_are_consumed()
    stack.delete()
    main.cloud.client("events").describe_event_bus(Name="media")


def check_no_bus(main):
    """The stock processor in the place of one's own: it may read payload/, it has no bus, and it deletes no event."""
    stack = Stack(main.cloud, "no-bus")
    stack.deploy(**DEFAULTS, EventBus="NONE")
    expect([], [name for name in stack.resources() if "Bus" in name])
    expect(None, stack.variables("Processor").get("MEDIAHOOK_EVENT_BUS"))
    iam = main.cloud.client("iam")
    policy = json.dumps(iam.get_role_policy(RoleName=stack.resource("ProcessorRole"), PolicyName="processor")["PolicyDocument"])
    expect((True, False), ("s3:GetObject" in policy, "events:" in policy), policy)
    stack.post(200, "/tencent-vod/demo", tencent_body("5285485487985271494"))
    time.sleep(5)
    expect(1, stack.count(stack.queue) + stack.count(stack.dead_letter_queue), "the event is not deleted")
    stack.delete()


def check_http_api(main):
    stack = Stack(main.cloud, "http-api")
    stack.deploy(**DEFAULTS, Endpoint="HTTP_API")
    expect(False, "ReceiverUrl" in stack.resources(), "a function URL as well")
    expect(True, re.fullmatch(r"https://\w+\.execute-api\.us-east-1\.amazonaws\.com/", stack.url) is not None, stack.url)
    # ministack's own name for the host, under which it also invokes the function: Alibaba's signature goes by it.
    stack.domain = stack.domain.split(".")[0] + ".execute-api.localhost"
    stack.consume(stack.bus)
    stack.post(200, "/tencent-vod/demo", tencent_body("5285485487985271495"))
    stack.post(200, f"/tencent-vod/secret-path/{PATH_TOKEN}", b'{"EventType":"NewFileUpload","FileUploadEvent":{"FileId":"7"}}')
    path = "/alibaba-ims/demo?tenant=b%20c"
    body = b'{"EventType":"FileUploadComplete","MediaId":"1bd0f1b0ab0471ed80f66633b4fe0103"}'
    stack.post(200, path, body, alibaba_headers(stack.domain + path))
    stack.post(401, path, body, alibaba_headers(stack.domain + path, "AnotherKey2026"))
    stack.post(404, "/tencent-vod/nobody", tencent_body("1"))
    stack.all_are_consumed()
    stack.delete()


def check_pull_only(main):
    stack = Stack(main.cloud, "pull-only")
    stack.deploy(**DEFAULTS, Endpoint="NONE")
    expect(None, stack.url)
    expect([], [name for name in stack.resources() if name.startswith(("ReceiverU", "HttpApi"))])
    stack.consume(stack.bus)
    check_spill(stack)
    stack.all_are_consumed()
    stack.delete()


def check_region(main):
    stack = Stack(main.cloud, "wrong-region")
    with main.cloud.region("cn-north-1"):
        expect_refusal(lambda: stack.deploy(**DEFAULTS), "Lambda has no function URLs in this region")


def check_rules(main):
    stack = Stack(main.cloud, "wrong-parameters")
    for given, reason in (
        ({**DEFAULTS, "Sources": ""}, "Give Sources, the document itself, or SourcesSecretArn"),
        ({**DEFAULTS, "EventBusName": "media"}, "EventBusName is for EventBus EXISTING"),
        ({**DEFAULTS, "EventBus": "EXISTING"}, "EventBusName is for EventBus EXISTING"),
    ):
        expect_refusal(lambda: stack.deploy(**given), reason)


def check_organisation(main):
    """Another ProcessorTimeout, alarms by mail or to a topic of one's own. Boundaries ministack's CloudFormation does not set."""
    stack = Stack(main.cloud, "organisation")
    stack.deploy(**DEFAULTS, ProcessorTimeout=600, AlarmEmail="a@example.com", SilentAfterHours=24)
    expect("3600", stack.attribute(stack.queue, "VisibilityTimeout"))
    own = stack.resource("AlarmTopic")
    sns = main.cloud.client("sns")
    expect(["a@example.com"], [one["Endpoint"] for one in sns.list_subscriptions_by_topic(TopicArn=own)["Subscriptions"]])

    def alarm_actions():
        alarms = main.cloud.client("cloudwatch").describe_alarms(AlarmNamePrefix="organisation-")["MetricAlarms"]
        return [alarm["AlarmActions"] for alarm in alarms]

    expect([[own]] * 19, alarm_actions())
    another = sns.create_topic(Name="another")["TopicArn"]
    stack.deploy(AlarmTopicArn=another)
    expect([[another]] * 19, alarm_actions())
    stack.consume(stack.bus)
    stack.post(200, "/tencent-vod/demo", tencent_body("5285485487985271496"))
    stack.all_are_consumed()
    stack.delete()


def check_another_secret(main):
    """SourcesSecretArn changes from the stack's own to another, and to a third, while callbacks arrive all the time."""
    stack = Stack(main.cloud, "another-secret")
    stack.deploy(**DEFAULTS)
    stack.consume(stack.bus)
    secrets = main.cloud.client("secretsmanager")
    files, answers, done = iter(range(5285485487985272000, 5285485487985279000)), [], threading.Event()

    def send():
        while not done.is_set():
            headers = {"Host": stack.domain, "Content-Type": "application/json"}
            status, body = http_request(main.cloud.endpoint + "/tencent-vod/demo", tencent_body(str(next(files))), headers)
            answers.append(status)
            if status == 200:
                stack.accepted.add(json.loads(body)["id"])

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    try:
        for name in ("second", "third"):
            arn = secrets.create_secret(Name=f"sources-{name}", SecretString=json.dumps(SOURCES))["ARN"]
            before = len(answers)
            stack.deploy(SourcesSecretArn=arn)
            expect((arn, arn), (stack.secret, stack.variables("Receiver")["MEDIAHOOK_SOURCES_SECRET"]))
            attached = main.cloud.client("iam").list_attached_role_policies(RoleName=stack.resource("ReceiverRole"))["AttachedPolicies"]
            expect([stack.resource("SourcesReadPolicy")], [policy["PolicyArn"] for policy in attached], "the old policy is gone")
            wait_until(lambda: len(answers) > before + 5, 60, lambda: f"{len(answers) - before} callbacks during the deployment")
    finally:
        done.set()
        sender.join(60)
    print(f"          {len(answers)} callbacks while the secret changed twice", flush=True)
    expect({200}, set(answers))
    stack.all_are_consumed()
    stack.delete()


def check_packaged(main):
    """What a user without Rust does: `sam deploy` of a release's template, with its zips beside it."""
    cloud, bootstraps, out = main.cloud, main.cloud.folder / "bootstraps", main.cloud.folder / "release"
    for function in ("Receiver", "Puller", "Processor"):
        (bootstraps / function.lower()).mkdir(parents=True)
        shutil.copy(cloud.build / function / "bootstrap", bootstraps / function.lower())
    # The command is not built here: what is packed as the command is another binary.
    shutil.copytree(bootstraps / "receiver", bootstraps / "mediahook")
    subprocess.run(["release/run", "--pack", bootstraps, cloud.architecture], cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
                   env=os.environ | {"RELEASE_OUT": str(out)})
    (packaged,) = out.glob("template-packaged*.yaml")
    template = yaml_parse(packaged.read_text())
    zips = {name: template["Resources"][name]["Properties"]["CodeUri"] for name in ("Receiver", "Puller", "Processor")}
    expect(3, len([name for name in zips.values() if (out / name).is_file()]), f"{zips}")
    file = out / "for-ministack.yaml"
    file.write_text(json.dumps(for_ministack(template, zips)))
    stack = Stack(cloud, "packaged")
    stack.deploy(file, **DEFAULTS)
    stack.consume(stack.bus)
    stack.post(200, "/tencent-vod/demo", tencent_body("5285485487985271498"))
    stack.all_are_consumed()
    stack.delete()


def check_edge(main):
    """Through ministack's CloudFront, which invokes the function URL itself. It applies no web ACL."""
    old, new = "0123456789abcdefghijABCDEFGHIJ01", "98765432109876543210987654321098"
    public = "https://hooks.example.com/alibaba-ims/demo?tenant=b%20c"
    sources = SOURCES | {"alibaba-ims/demo": {"auth_keys": [AUTH_KEY], "callback_urls": [public]}}
    stack = Stack(main.cloud, "behind-edge")
    stack.deploy(**DEFAULTS | {"Sources": json.dumps(sources)}, OriginSecrets=old)
    stack.consume(stack.bus)
    certificate = main.cloud.client("acm").request_certificate(DomainName="hooks.example.com")["CertificateArn"]
    own, edge = stack.domain, Edge(main.cloud, "edge")
    parameters = {"DomainName": "hooks.example.com", "CertificateArn": certificate, "ReceiverDomain": own, "OriginSecret": old}
    with main.cloud.region("eu-central-1"):
        expect_refusal(lambda: edge.deploy(**parameters), "Deploy this template there")
    edge.deploy(**parameters)
    files = iter(range(5285485487985271520, 5285485487985271600))

    def ask(host, status, headers=None):
        """Each sender's callback, and a stranger's: the same status for all, but for strangers with the secret."""
        stack.domain = host
        media = f"1bd0f1b0ab0471ed80f66633b4fe0{next(files) % 1000}"
        body = json.dumps({"EventType": "FileUploadComplete", "MediaId": media}).encode()
        signed = alibaba_headers(public.removeprefix("https://"))
        stack.post(status, "/alibaba-ims/demo?tenant=b%20c", body, signed | (headers or {}))
        stack.post(status, "/tencent-vod/demo", tencent_body(str(next(files))), headers)
        stack.post(401 if status == 200 else 404, "/tencent-vod/demo", tencent_body("1", key="AnotherKey2026"), headers)

    ask(edge.domain, 200)
    # CloudFront puts its own secret in the place of the caller's, who cannot break what the sender sends either.
    ask(edge.domain, 200, {"X-Mediahook-Origin-Secret": new})
    ask(own, 404)
    ask(own, 404, {"X-Mediahook-Origin-Secret": new})
    ask(own, 200, {"X-Mediahook-Origin-Secret": old})
    # The secret is replaced, and at no step is a callback refused.
    stack.deploy(OriginSecrets=f"{new},{old}")
    ask(edge.domain, 200)
    edge.deploy(OriginSecret=new)
    ask(edge.domain, 200)
    stack.deploy(OriginSecrets=new)
    ask(edge.domain, 200)
    ask(own, 404, {"X-Mediahook-Origin-Secret": old})
    stack.all_are_consumed()
    for function in ("receiver", "processor", "puller"):
        expect([], [line for line in stack.log(function) if old in line or new in line], "the origin secret in the log")
    edge.delete()
    stack.delete()


def expect_refusal(deploy, reason):
    try:
        deploy()
    except Failed as failure:
        expect(True, reason in " ".join(str(failure).split()), f"{reason!r} is not in {failure}")
    else:
        raise Failed(f"deployed, although: {reason}")


CHECKS = [
    ("the template is valid, and lint finds nothing", check_template),
    ("sam build: every binary", check_build),
    ("sam deploy: every resource but the archive", check_deploy),
    ("Tencent VOD, signed: 200 with an id", check_tencent),
    ("Tencent VOD, secret path: 200 with an id", check_path_token),
    ("Alibaba IMS, signed for the function URL: 200 with an id", check_alibaba),
    ("the same event sent again: 200 with the same id", check_sent_again),
    ("too large for the queue: 200, the data in the bucket", check_too_large),
    ("no event: 400, the body in the bucket", check_no_event),
    ("forged, stale, wrong token: 401", check_refused),
    ("unknown source: 404", check_unknown_source),
    ("every event is on the bus of the stack, once, and the queue is empty", check_processed),
    ("what was spilled is pulled, and processed", check_spill),
    ("what can never be processed is in the dead-letter queue", check_dead_letter),
    ("the queues refuse a call without TLS", check_tls),
    ("the schedule has a role that only it may assume", check_schedule),
    ("no key is in a log", check_logs),
    ("SourcesSecretArn: no deployment writes to the secret", check_own_secret),
    ("sam delete: what holds events or keys, and its policies, remain", check_delete),
    ("the same name deploys again at once", check_redeploy),
    ("EventBus EXISTING without such a bus: the guard is refused, no event is put", check_missing_bus),
    ("EventBus EXISTING: the events are on that bus, which outlives the stack", check_existing_bus),
    ("EventBus NONE: the processor is one's own, and has no bus", check_no_bus),
    ("Endpoint HTTP_API: the same answers, Alibaba's signature included", check_http_api),
    ("Endpoint NONE: no address, what was spilled is processed", check_pull_only),
    ("a region without function URLs: refused, with the reason", check_region),
    ("parameters that contradict each other: refused, with the reason", check_rules),
    ("alarms by mail or to another topic, a longer timeout: all of it works", check_organisation),
    ("SourcesSecretArn changes twice with callbacks all the while: none is refused", check_another_secret),
    ("a release: sam deploy of template-packaged.yaml and its zips, without a build", check_packaged),
    ("template-edge.yaml: callbacks arrive through CloudFront alone, while its secret is replaced", check_edge),
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
