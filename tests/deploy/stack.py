"""A stack, as a sender and as its owner see it."""

import contextlib
import json

from cloud import ROOT, Failed, http_request, wait_until
from senders import SOURCES


class Stack:
    """A stack of template.yaml."""

    def __init__(self, cloud, name):
        self.cloud, self.name = cloud, f"{cloud.prefix}{name}"
        self.accepted = set()  # ids
        self.sqs, self.s3 = cloud.client("sqs"), cloud.client("s3")

    def create(self, template=None, **parameters):
        """Deploys for the first time."""
        self.cloud.will_remove(self)
        self.deploy(template, **{"Sources": json.dumps(SOURCES)} | self.cloud.lacks | parameters)

    def deploy(self, template=None, **parameters):
        """Deploys the template that was built, or another one beside it. What is not given stays as it was, as SAM has it."""
        file = self.cloud.folder / "parameters.yaml"
        file.write_text(json.dumps(parameters))
        self.cloud.sam(
            "deploy", "--config-file", f"{ROOT}/samconfig.toml", "--stack-name", self.name,
            "--template-file", str(template or self.cloud.build / "template.yaml"),
            "--parameter-overrides", f"file://{file}", "--no-confirm-changeset", *self.cloud.tags, seconds=600,
        )
        self.read_outputs()

    def delete(self):
        self.cloud.will_purge(self.resource_ids())
        self.cloud.sam("delete", "--no-prompts", "--stack-name", self.name, "--region", self.cloud.region, seconds=600)

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
        status, answer = self.ask(path, body, headers)
        expect(expected_status, status, answer)
        if status != 200:
            return None
        self.accepted.add(json.loads(answer)["id"])
        return json.loads(answer)["id"]

    def ask(self, path, body, headers=None):
        """Status and body of the answer at the stack's address."""
        base, host = self.cloud.address(self.domain)
        return http_request(base + path, body, {"Content-Type": "application/json", **host, **(headers or {})})

    def consume(self, bus):
        """A consumer of all that mediahook puts on a bus: a rule, with a queue as its target."""
        name = f"consumer-{self.name}"
        self.consumer = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        self.cloud.will_purge([("AWS::SQS::Queue", self.consumer)])
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

    def waiting(self):
        """The events in the queue, and the dead letters."""
        return self.count(self.queue), self.count(self.dead_letter_queue)

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

    def _resources(self):
        pages = self.cloud.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.name)
        return [resource for page in pages for resource in page["StackResourceSummaries"]]

    def resources(self):
        """The logical ids of all resources."""
        return [resource["LogicalResourceId"] for resource in self._resources()]

    def resource_ids(self):
        """Type and physical id of each resource."""
        return [(resource["ResourceType"], resource.get("PhysicalResourceId", "")) for resource in self._resources()]

    def variables(self, function):
        configuration = self.cloud.client("lambda").get_function_configuration(FunctionName=self.resource(function))
        return configuration["Environment"]["Variables"]

    def mapping(self):
        """The event source mapping of the processor."""
        (mapping,) = self.cloud.client("lambda").list_event_source_mappings(FunctionName=self.resource("Processor"))["EventSourceMappings"]
        return mapping

    def pause(self):
        """The processor gets no more events."""
        self.cloud.client("lambda").update_event_source_mapping(UUID=self.mapping()["UUID"], Enabled=False)
        wait_until(lambda: self.mapping()["State"] == "Disabled", 120, lambda: f"the mapping is {self.mapping()['State']}")

    def log(self, function):
        paginator = self.cloud.client("logs").get_paginator("filter_log_events")
        pages = paginator.paginate(logGroupName=self.resource(f"{function.capitalize()}Logs"))
        return [event["message"] for page in pages for event in page["events"]]


class Edge(Stack):
    """A stack of template-edge.yaml, which has nothing but an address."""

    def create(self, **parameters):
        self.cloud.will_remove(self)
        self.deploy(**parameters)

    def deploy(self, **parameters):
        super().deploy(ROOT / "template-edge.yaml", **parameters)

    def read_outputs(self):
        self.domain = self.outputs()["DistributionDomain"]


@contextlib.contextmanager
def permission(stack, role, action, resource):
    """What a role has on AWS, and ministack reads otherwise."""
    if stack.cloud.is_aws:
        yield
        return
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    iam, name = stack.cloud.client("iam"), {"RoleName": stack.resource(role), "PolicyName": "as-on-aws"}
    iam.put_role_policy(**name, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    try:
        yield
    finally:
        iam.delete_role_policy(**name)


def expect(expected, got, detail=""):
    if expected != got:
        raise Failed(f"expected {expected!r}, got {got!r} {detail}")


def expect_refusal(deploy, reason):
    try:
        deploy()
    except Failed as failure:
        expect(True, reason in " ".join(str(failure).split()), f"{reason!r} is not in {failure}")
    else:
        raise Failed(f"deployed, although: {reason}")
