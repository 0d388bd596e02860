"""What the parameters of the templates change."""

import json
import re
import time

import botocore.exceptions
from samcli.yamlhelper import yaml_parse

from callbacks import check_spill
from cloud import ROOT, Failed, wait_until
from senders import AUTH_KEY, PATH_TOKEN, SOURCES, alibaba_headers, tencent_body
from stack import Edge, Stack, expect, expect_refusal, permission


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
    stack.create(EventBus="EXISTING", EventBusName="no-such-bus")
    expect(True, "EventBusGuard" in stack.resources())
    # Of this one action, ministack takes the name of the bus for the name of a rule.
    with permission(stack, "ProcessorRole", "events:DescribeEventBus", "*"):
        check_nothing_is_put(stack)
    stack.delete()


def check_nothing_is_put(stack):
    stack.post(200, "/tencent-vod/demo", tencent_body("5285485487985271497"))
    wait_until(lambda: any("Misconfigured" in line for line in stack.log("processor")), 60, lambda: f"no line says so: {stack.log('processor')}")
    expect(1, stack.count(stack.queue), "the event, in the queue")


def check_missing_bus_refused(main):
    if not main.cloud.is_aws:
        main.cloud.figures.append("a missing bus: not rehearsed, the emulator's CloudFormation does not ask for it")
        return
    stack = Stack(main.cloud, "missing-bus")
    expect_refusal(lambda: stack.create(EventBus="EXISTING", EventBusName=f"{stack.name}-no-such-bus"), "does not exist")


def check_existing_bus(main):
    stack = Stack(main.cloud, "existing-bus")
    bus = f"{stack.name}-media"
    main.cloud.client("events").create_event_bus(Name=bus)
    main.cloud.will_purge([("AWS::Events::EventBus", bus)])
    stack.create(EventBus="EXISTING", EventBusName=bus)
    expect(set(), {"Bus", "BusArchive"} & set(stack.resources()), "a bus of its own")
    stack.consume(bus)
    stack.post(200, "/tencent-vod/demo", tencent_body("5285485487985271493"))
    stack.all_are_consumed()
    stack.delete()
    main.cloud.client("events").describe_event_bus(Name=bus)


def check_no_bus(main):
    """The stock processor may read payload/, has no bus, and leaves every event to a processor of one's own."""
    stack = Stack(main.cloud, "no-bus")
    stack.create(EventBus="NONE")
    expect([], [name for name in stack.resources() if "Bus" in name])
    expect(None, stack.variables("Processor").get("MEDIAHOOK_EVENT_BUS"))
    # ministack says "Enabled" of a mapping that was created disabled, and does not poll for it.
    expect("Disabled" if main.cloud.is_aws else "Enabled", stack.mapping()["State"])
    iam = main.cloud.client("iam")
    policy = json.dumps(iam.get_role_policy(RoleName=stack.resource("ProcessorRole"), PolicyName="processor")["PolicyDocument"])
    expect((True, False), ("s3:GetObject" in policy, "events:" in policy), policy)
    stack.post(200, "/tencent-vod/demo", tencent_body("5285485487985271494"))
    time.sleep(5)
    expect((1, 0), stack.waiting())
    stack.delete()


def check_http_api(main):
    stack = Stack(main.cloud, "http-api")
    stack.create(Endpoint="HTTP_API")
    expect(False, "ReceiverUrl" in stack.resources(), "a function URL as well")
    expect(True, re.fullmatch(rf"https://\w+\.execute-api\.{main.cloud.region}\.amazonaws\.com/", stack.url) is not None, stack.url)
    if not main.cloud.is_aws:
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
    stack.create(Endpoint="NONE")
    expect(None, stack.url)
    expect([], [name for name in stack.resources() if name.startswith(("ReceiverU", "HttpApi"))])
    stack.consume(stack.bus)
    check_spill(stack)
    stack.all_are_consumed()
    stack.delete()


def check_region(main):
    stack = Stack(main.cloud, "wrong-region")
    for region in ("cn-north-1", "eu-south-2"):
        with main.cloud.in_region(region):
            expect_refusal(lambda: stack.create(), "Lambda has no function URLs in this region")


def check_rules(main):
    stack = Stack(main.cloud, "wrong-parameters")
    for given, reason in (
        ({"Sources": ""}, "Set Sources to the sources document, or SourcesSecretArn"),
        ({"EventBusName": "media"}, "EventBusName is for EventBus EXISTING"),
        ({"EventBus": "EXISTING"}, "EventBusName is for EventBus EXISTING"),
    ):
        expect_refusal(lambda: stack.create(**given), reason)


def check_organisation(main):
    """Another ProcessorTimeout, alarms by mail or to a topic of one's own. Boundaries ministack's CloudFormation does not set."""
    stack = Stack(main.cloud, "organisation")
    stack.create(ProcessorTimeout=600, AlarmEmail="a@example.com", SilentAfterHours=24)
    expect("3600", stack.attribute(stack.queue, "VisibilityTimeout"))
    own = stack.resource("AlarmTopic")
    sns = main.cloud.client("sns")
    expect(["a@example.com"], [one["Endpoint"] for one in sns.list_subscriptions_by_topic(TopicArn=own)["Subscriptions"]])

    def alarm_actions():
        alarms = main.cloud.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"{stack.name}-")["MetricAlarms"]
        return [alarm["AlarmActions"] for alarm in alarms]

    expect([[own]] * 19, alarm_actions())
    another = sns.create_topic(Name=f"{stack.name}-another")["TopicArn"]
    main.cloud.will_purge([("AWS::SNS::Topic", another)])
    stack.deploy(AlarmTopicArn=another)
    expect([[another]] * 19, alarm_actions())
    stack.consume(stack.bus)
    stack.post(200, "/tencent-vod/demo", tencent_body("5285485487985271496"))
    stack.all_are_consumed()
    stack.delete()


def check_edge(main):
    """Through ministack's CloudFront, which invokes the function URL itself. It applies no web ACL."""
    old, new = "0123456789abcdefghijABCDEFGHIJ01", "98765432109876543210987654321098"
    public = "https://hooks.example.com/alibaba-ims/demo?tenant=b%20c"
    sources = SOURCES | {"alibaba-ims/demo": {"auth_keys": [AUTH_KEY], "callback_urls": [public]}}
    stack = Stack(main.cloud, "behind-edge")
    stack.create(Sources=json.dumps(sources), OriginSecrets=old)
    stack.consume(stack.bus)
    certificate = main.cloud.client("acm").request_certificate(DomainName="hooks.example.com")["CertificateArn"]
    own, edge = stack.domain, Edge(main.cloud, "edge")
    parameters = {"DomainName": "hooks.example.com", "CertificateArn": certificate, "ReceiverDomain": own, "OriginSecret": old}
    with main.cloud.in_region("eu-central-1"):
        expect_refusal(lambda: edge.deploy(**parameters), "Deploy this template there")
    edge.create(**parameters)
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
