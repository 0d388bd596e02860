"""The examples, deployed beside a stack: consumers behind its bus."""

import json
import shutil
import subprocess
import time

from samcli.yamlhelper import yaml_parse

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
