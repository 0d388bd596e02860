"""The examples, deployed beside a stack: consumers behind its bus, and a handler in the place of its processor."""

import json
import shutil
import subprocess
import time

from samcli.yamlhelper import yaml_parse

import command
from cloud import ROOT, Failed, wait_until
from senders import PATH_TOKEN, tencent_body
from stack import Stack, expect

PARAMETERS = ("EventBusArn", "PayloadReadPolicyArn")


def check_python(stack):
    # Without `sam build`: there is nothing to install, and it would ask for the Python of Lambda on this machine.
    check_consumer(stack, "python", lambda project: project / "template.yaml")


def check_typescript(stack):
    if not shutil.which("npm"):
        raise Failed("no npm")

    def build(project):
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=project, check=True)
        built = project / "built"
        stack.cloud.sam("build", "--build-dir", str(built), "--template-file", str(project / "template.yaml"), seconds=300)
        return built / "template.yaml"

    check_consumer(stack, "typescript", build)


def check_consumer(stack, language, build):
    """An event, a large one whose data is in the bucket, and the first one again: two records, both completed."""
    cloud = stack.cloud
    project, consumer = copied(cloud, language), Stack(cloud, f"consumer-in-{language}")
    cloud.will_remove(consumer)
    outputs = stack.outputs()
    deploy(consumer, build(project), {name: outputs[name] for name in PARAMETERS})
    table = consumer.outputs()["TableName"]
    file = str(time.time_ns())
    large = {"EventType": "NewFileUpload", "FileUploadEvent": {"FileId": file, "Name": "x" * 300 * 1024}}
    ids = {
        stack.post(200, "/tencent-vod/demo", tencent_body(file)),
        stack.post(200, f"/tencent-vod/secret-path/{PATH_TOKEN}", json.dumps(large).encode()),
    }
    wait_until(lambda: ids == completed(cloud, table), 60, lambda: f"{ids} to be completed: {completed(cloud, table)}")
    # EventBridge delivers at least once: the same event again changes nothing.
    detail = {"id": min(ids), "source": "tencent-vod/demo", "type": "com.tencentcloud.vod.FileDeleted", "outcome": "succeeded", "data": {}}
    entry = {"Source": "mediahook", "DetailType": detail["type"], "Detail": json.dumps(detail), "EventBusName": stack.bus}
    cloud.client("events").put_events(Entries=[entry])
    time.sleep(5)
    expect(ids, completed(cloud, table))
    failed = consumer.outputs()["FailedQueueUrl"]
    expect(0, stack.count(failed), "events that the consumer could not process")
    # What was put again is on the bus twice, for the stack's own consumer too.
    wait_until(lambda: stack.consumed_ids().count(min(ids)) == 2, 60, lambda: "the event again, on the bus")
    stack.consumed.remove(min(ids))
    consumer.delete()


def completed(cloud, table):
    items = cloud.client("dynamodb").scan(TableName=table)["Items"]
    return {item["id"]["S"] for item in items if item["state"]["S"] == "completed"}


def copied(cloud, example):
    """A copy of the example, with its functions for this machine and without what was installed beside it."""
    project = cloud.folder / example
    shutil.copytree(ROOT / "examples" / example, project, ignore=shutil.ignore_patterns("node_modules", "target", "dist", ".aws-sam", "__pycache__"))
    template = yaml_parse((project / "template.yaml").read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["Architectures"] = [cloud.architecture]
            if not cloud.is_aws and example == "typescript":
                # Lambda brings the SDK along, ministack does not.
                resource["Properties"]["Environment"]["Variables"]["NODE_PATH"] = str(project / "node_modules")
    (project / "template.yaml").write_text(json.dumps(template))
    return project


def deploy(stack, template, parameters):
    """Deploys a stack that is not mediahook's own."""
    stack.cloud.sam("deploy", "--stack-name", stack.name, "--template-file", str(template), "--resolve-s3", "--capabilities", "CAPABILITY_IAM",
                    "--parameter-overrides", *[f"{name}={value}" for name, value in parameters.items()], *stack.cloud.tags, seconds=600)


def check_handler(main):
    """Takes what a stack without a bus leaves in its queue."""
    cloud, stack = main.cloud, Stack(main.cloud, "for-a-handler")
    stack.create(EventBus="NONE")
    file = str(time.time_ns())
    pulled = {"EventType": "PullComplete", "PullCompleteEvent": {"FileId": file, "Status": "FINISH"}}
    stack.post(200, f"/tencent-vod/secret-path/{PATH_TOKEN}", json.dumps(pulled).encode())
    unreadable = {"specversion": "1.0", "id": file, "source": "tencent-vod/secret-path", "type": "com.tencentcloud.vod.PullComplete", "data": []}
    stack.sqs.send_message(QueueUrl=stack.queue, MessageBody=json.dumps(unreadable), MessageGroupId="unreadable", MessageDeduplicationId=file)
    project, handler, outputs = copied(cloud, "handler"), Stack(cloud, "handler"), stack.outputs()
    cargo = project / "Cargo.toml"
    # What somebody else has from git is the code of here.
    text = cargo.read_text().replace('git = "https://github.com/OWNER/mediahook"', f'path = "{ROOT}"')
    expect(True, str(ROOT) in text, "mediahook from this folder")
    cargo.write_text(text)
    # With what is built for the stack, and the versions that are known to work.
    (project / "target").symlink_to(ROOT / "target")
    shutil.copy(ROOT / "Cargo.lock", project / "Cargo.lock")
    built = project / "built"
    cloud.sam("build", "--build-dir", str(built), "--template-file", str(project / "template.yaml"), seconds=3600, CARGO_TARGET_DIR=None)
    cloud.will_remove(handler)
    names = ("QueueArn", "DeadLetterQueueUrl", "DeadLetterQueueArn", "TableName", "BucketName")
    deploy(handler, built / "template.yaml", {name: outputs[name] for name in names})
    # One is handled, the other can never be read: a dead letter.
    wait_until(lambda: stack.waiting() == (0, 1), 90, lambda: f"one dead letter: {stack.waiting()}")
    function = next(name for kind, name in handler.resource_ids() if kind == "AWS::Lambda::Function")
    pages = cloud.client("logs").get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{function}")
    lines = [event["message"] for page in pages for event in page["events"]]
    expect(True, any(file in line and "pulled" in line for line in lines), f"the handler's line: {lines}")
    command.build()
    if not cloud.is_aws:
        # A parameter is a text to ministack, and so is its answer, which no SDK reads.
        cloud.client("lambda").update_event_source_mapping(UUID=stack.mapping()["UUID"], Enabled=False, ScalingConfig={"MaximumConcurrency": 10})
    with cloud.url_of(stack.domain) as url:
        mapping = [one for one in command.doctor(stack, url, "--no-senders") if one["check"] == "event source mapping"]
    expect([], [one for one in mapping if one["status"] != "ok"], "the handler's mapping, not the idle processor's")
    handler.delete()
    stack.delete()
