"""`mediahook doctor` on a fresh stack, and on one with each of many mistakes: it names that mistake, and no other."""

import http.server
import json
import threading
import urllib.parse

from samcli.yamlhelper import yaml_parse

import command
from cloud import ROOT, Failed
from senders import AUTH_KEY, SIGN_KEY
from stack import Stack, expect

SOURCES = {"tencent-vod/demo": {"sign_keys": [SIGN_KEY]}, "alibaba-ims/demo": {"auth_keys": [AUTH_KEY]}}


def check_doctor(main):
    cloud, stack = main.cloud, Stack(main.cloud, "doctor")
    command.build()
    stack.create(Sources=json.dumps(SOURCES))
    stack.consume(stack.bus)
    with Senders(cloud.folder) as senders, cloud.url_of(stack.domain) as url:
        patient = Patient(stack, senders, url)
        patient.complete()
        for source in SOURCES:
            command.run(stack, url, "connect", source, "--yes", *senders.options)
        checks = patient.doctor("--probe", *senders.options)
        expect([], [check for check in checks if check["status"] != "ok"], "a fresh stack")
        # Each was asked.
        expect({"stack", "queue", "queue visibility timeout", "dead-letter queue", "functions", "variables", "receive count", "log level",
                "event source mapping", "concurrency", "bucket is private", "bucket versioning", "bucket lifecycle", "spill", "rejected",
                "table", "table TTL", "event bus", "archive", "alarms", "sources", "receiver", "sender", "probe"},
               {check["check"] for check in checks})
        unseen = [problem for mistake in MISTAKES for problem in patient.names(*mistake)]
        expect([], unseen)
        print(f"          {len(checks)} checks, {len(MISTAKES)} mistakes", flush=True)
        expect([], [check for check in patient.doctor(*senders.options) if check["status"] != "ok"], "each was put right")
        patient.loses_its_bus()
    stack.delete()


class Patient:
    """A stack that is asked how it is."""

    def __init__(self, stack, senders, url):
        self.stack, self.senders, self.url, self.instead = stack, senders, url, ()
        self.client = stack.cloud.client
        self.receiver, self.processor = stack.resource("Receiver"), stack.resource("Processor")
        self.table = stack.resource("Table")
        self.mapping = stack.mapping()["UUID"]

    def complete(self):
        """What only its owner can do, somebody who is told; and what ministack's CloudFormation leaves out: the archive, the bucket's
        lifecycle, the table's TTL and the receiver's concurrency. The figures are the template's."""
        template = yaml_parse((ROOT / "template.yaml").read_text())
        defaults = {name: parameter.get("Default") for name, parameter in template["Parameters"].items()}
        rules = template["Resources"]["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
        self.rules = [as_api(rule, defaults) for rule in rules]
        self.lifecycle_back()
        self.set_ttl(True)
        self.set_concurrency(self.receiver, defaults["ReceiverReservedConcurrency"])
        # It keeps the text that CloudFormation has, which no SDK but Python's reads as a number.
        self.set_mapping(ScalingConfig={"MaximumConcurrency": defaults["ProcessorMaximumConcurrency"]})
        arn = self.client("events").describe_event_bus(Name=self.stack.bus)["Arn"]
        self.archive = {"ArchiveName": "doctor", "EventSourceArn": arn, "EventPattern": json.dumps({"source": ["mediahook"]})}
        self.client("events").create_archive(**self.archive)
        self.subscribe()

    def subscribe(self):
        topic = {"TopicArn": self.stack.resource("AlarmTopic"), "Protocol": "sqs", "Endpoint": self.stack.attribute(self.stack.consumer, "QueueArn")}
        self.subscription = self.client("sns").subscribe(**topic, ReturnSubscriptionArn=True)["SubscriptionArn"]

    def doctor(self, *options):
        return command.doctor(self.stack, self.url, *options, *self.instead)

    def names(self, mistake, plant, heal, check, words, *consequences):
        """Makes the mistake, and puts it right. What the doctor did not say of it, or said besides; some have consequences."""
        plant(self)
        try:
            found = [one for one in self.doctor(*self.senders.options) if one["status"] != "ok"]
        except Failed as failure:
            return [f"{mistake}: {failure}"]
        finally:
            heal(self)
        named = [one for one in found if one["check"] == check and words in one["found"] and (one.get("fix") or check == "sources")]
        others = [one for one in found if one["check"] not in (check, *consequences)]
        return [f"{mistake}: {found}"] if not named or others else []

    def loses_its_bus(self):
        """On AWS the guard prevents it."""
        events = self.client("events")
        for rule in events.list_rules(EventBusName=self.stack.bus)["Rules"]:
            targets = events.list_targets_by_rule(Rule=rule["Name"], EventBusName=self.stack.bus)["Targets"]
            if targets:
                events.remove_targets(Rule=rule["Name"], EventBusName=self.stack.bus, Ids=[target["Id"] for target in targets])
            events.delete_rule(Name=rule["Name"], EventBusName=self.stack.bus)
        events.delete_event_bus(Name=self.stack.bus)
        found = [one for one in self.doctor("--no-senders") if one["status"] != "ok"]
        expect([("event bus", "fail", True)], [(one["check"], one["status"], "does not exist" in one["found"]) for one in found], f"{found}")

    def set_variable(self, function, name, value):
        """And what it was."""
        variables = self.client("lambda").get_function_configuration(FunctionName=function)["Environment"]["Variables"]
        was = variables[name]
        self.client("lambda").update_function_configuration(FunctionName=function, Environment={"Variables": variables | {name: value}})
        self.client("lambda").get_waiter("function_active_v2").wait(FunctionName=function)
        return was

    def set_sources(self, text):
        self.client("secretsmanager").put_secret_value(SecretId=self.stack.secret, SecretString=text)

    def set_queue(self, **attributes):
        self.stack.sqs.set_queue_attributes(QueueUrl=self.stack.queue, Attributes=attributes)

    def set_lifecycle(self, change):
        """Other rules of the bucket; the old ones come back with `lifecycle_back`."""
        bucket = {"Bucket": self.stack.bucket}
        rules = change(self.rules)
        if rules:
            self.stack.s3.put_bucket_lifecycle_configuration(**bucket, LifecycleConfiguration={"Rules": rules})
        else:
            self.stack.s3.delete_bucket_lifecycle(**bucket)

    def lifecycle_back(self):
        self.stack.s3.put_bucket_lifecycle_configuration(Bucket=self.stack.bucket, LifecycleConfiguration={"Rules": self.rules})

    def set_public(self, is_public):
        names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        blocks = dict.fromkeys(names, not is_public)
        self.stack.s3.put_public_access_block(Bucket=self.stack.bucket, PublicAccessBlockConfiguration=blocks)

    def set_ttl(self, is_on):
        self.client("dynamodb").update_time_to_live(TableName=self.table, TimeToLiveSpecification={"Enabled": is_on, "AttributeName": "expiresat"})

    def set_mapping(self, **change):
        self.client("lambda").update_event_source_mapping(UUID=self.mapping, **change)

    def set_concurrency(self, function, number):
        if number is None:
            self.client("lambda").delete_function_concurrency(FunctionName=function)
        else:
            self.client("lambda").put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=number)

    def set_versioning(self, status):
        self.stack.s3.put_bucket_versioning(Bucket=self.stack.bucket, VersioningConfiguration={"Status": status})

    def dead_letters_elsewhere(self):
        self.redrive = self.stack.attribute(self.stack.queue, "RedrivePolicy")
        self.set_queue(RedrivePolicy=json.dumps(json.loads(self.redrive) | {"maxReceiveCount": 9}))

    def standard_queue(self):
        """A queue cannot change its kind: another one in its place."""
        queue = self.stack.sqs.create_queue(QueueName=f"{self.stack.name}-standard")["QueueUrl"]
        self.instead = ("--queue-url", queue)

    def own_queue(self):
        self.instead = ()

    def old_queue(self):
        self.was = self.set_variable(self.receiver, "MEDIAHOOK_QUEUE_URL", self.stack.queue.replace("mediahook-", "older-"))


# The mistake, how it is made and put right, and the check and the words that name it.
MISTAKES = [
    ("a standard queue", lambda it: it.standard_queue(), lambda it: it.own_queue(),
     "queue", "is a standard queue", "queue visibility timeout", "dead-letter queue", "variables", "receive count", "event source mapping"),
    ("a short visibility timeout", lambda it: it.set_queue(VisibilityTimeout="30"), lambda it: it.set_queue(VisibilityTimeout="180"),
     "queue visibility timeout", "visibility timeout 30 s"),
    ("a queue that forgets", lambda it: it.set_queue(MessageRetentionPeriod="3600"), lambda it: it.set_queue(MessageRetentionPeriod="1209600"),
     "queue", "keeps messages for 0 days"),
    ("a public bucket", lambda it: it.set_public(True), lambda it: it.set_public(False),
     "bucket is private", "public access is not blocked"),
    ("a bucket without versions", lambda it: it.set_versioning("Suspended"), lambda it: it.set_versioning("Enabled"),
     "bucket versioning", "cannot be restored"),
    ("a bucket without lifecycle", lambda it: it.set_lifecycle(lambda rules: []), lambda it: it.lifecycle_back(),
     "bucket lifecycle", "payload/ is kept for ever"),
    ("a spill that expires", lambda it: it.set_lifecycle(lambda rules: [*rules, EXPIRES]), lambda it: it.lifecycle_back(),
     "bucket lifecycle", "an event that waits there is lost"),
    ("no TTL", lambda it: it.set_ttl(False), lambda it: it.set_ttl(True),
     "table TTL", "records are kept for ever"),
    ("no archive", lambda it: it.client("events").delete_archive(ArchiveName="doctor"), lambda it: it.client("events").create_archive(**it.archive),
     "archive", "none"),
    ("a disabled mapping", lambda it: it.set_mapping(Enabled=False), lambda it: it.set_mapping(Enabled=True),
     "event source mapping", "Disab"),
    ("partial batches off", lambda it: it.set_mapping(FunctionResponseTypes=[]), lambda it: it.set_mapping(FunctionResponseTypes=["ReportBatchItemFailures"]),
     "event source mapping", "brings its whole batch back"),
    ("no receiver may run", lambda it: it.set_concurrency(it.receiver, 0), lambda it: it.set_concurrency(it.receiver, 50),
     "concurrency", "every callback is answered 429", "receiver"),
    ("a processor that is throttled", lambda it: it.set_concurrency(it.processor, 1), lambda it: it.set_concurrency(it.processor, None),
     "concurrency", "a throttled batch uses up receives"),
    ("another receive count", lambda it: it.dead_letters_elsewhere(), lambda it: it.set_queue(RedrivePolicy=it.redrive),
     "receive count", "the queue's maxReceiveCount 9"),
    ("a receiver with another queue", lambda it: it.old_queue(), lambda it: it.set_variable(it.receiver, "MEDIAHOOK_QUEUE_URL", it.was),
     "variables", "MEDIAHOOK_QUEUE_URL is "),
    ("nobody is told", lambda it: it.client("sns").unsubscribe(SubscriptionArn=it.subscription), lambda it: it.subscribe(),
     "alarms", "0 subscribers"),
    ("a secret with a mistake", lambda it: it.set_sources('{"tencent-vod/demo": {"sign_key": "DemoSignKey2026"}}'), lambda it: it.set_sources(json.dumps(SOURCES)),
     "sources", "sign_key"),
    ("a wrong key at the sender", lambda it: it.senders.ims.update(AuthKey="AnotherKey2026"), lambda it: it.senders.ims.update(AuthKey=AUTH_KEY),
     "sender", "alibaba-ims/demo: AuthKey is "),
    ("a sender that does not sign", lambda it: it.senders.ims.update(AuthSwitch="off"), lambda it: it.senders.ims.update(AuthSwitch="on"),
     "sender", "alibaba-ims/demo: AuthSwitch is `off`"),
    ("a sender that posts elsewhere", lambda it: it.senders.tencent.update(NotificationUrl="https://old.example.com/"),
     lambda it: it.senders.tencent.update(NotificationUrl=f"{it.url}tencent-vod/demo"),
     "sender", "tencent-vod/demo: NotificationUrl is "),
]
EXPIRES = {"ID": "all", "Filter": {"Prefix": "spill/"}, "Status": "Enabled", "Expiration": {"Days": 30}}


def as_api(rule, parameters):
    """A rule of CloudFormation's, as S3's API has it."""
    rule = {name: parameters[value["Ref"]] if isinstance(value, dict) and "Ref" in value else value for name, value in rule.items()}
    api = {"ID": rule.pop("Id"), "Status": rule.pop("Status"), "Filter": {"Prefix": rule.pop("Prefix", "")}}
    expiration = {"Days": rule.pop("ExpirationInDays", None), "ExpiredObjectDeleteMarker": rule.pop("ExpiredObjectDeleteMarker", None)}
    expiration = {name: value for name, value in expiration.items() if value is not None}
    return api | rule | ({"Expiration": expiration} if expiration else {})


class Senders:
    """The APIs of Tencent VOD and Alibaba IMS, as far as they keep where callbacks go."""

    def __init__(self, folder):
        self.tencent, self.ims = {}, {}
        self._credentials = folder / "senders.json"

    def __enter__(self):
        handler = type("Handler", (SendersHandler,), {"senders": self})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self._credentials.write_text(json.dumps({
            "secret_id": "AKIDexample", "secret_key": "example-of-a-secret", "access_key_id": "LTAIexample", "access_key_secret": "example-of-another",
        }))
        self.options = ("--sender-endpoint", f"http://127.0.0.1:{self._server.server_port}", "--credentials", str(self._credentials))
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


class SendersHandler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if action := self.headers.get("x-tc-action"):
            if action == "ModifyEventConfig":
                self.senders.tencent.update(json.loads(body))
            shown = {name: value for name, value in self.senders.tencent.items() if name != "SignKey"}
            answer = {"Response": shown | {"RequestId": "1"}}
        else:
            query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
            if self.headers.get("x-acs-action") == "SetEventCallback":
                self.senders.ims.update(query)
            answer = self.senders.ims | {"RequestId": "1"}
        text = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass
