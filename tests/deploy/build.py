"""The template and the binaries: valid, built, deployed, packed."""

import json
import os
import shutil
import subprocess

from samcli.yamlhelper import yaml_parse

from cloud import ROOT
from senders import tencent_body
from stack import Stack, expect


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
    built.write_text(json.dumps(deployable(cloud, yaml_parse(text))))


def deployable(cloud, template, code=None):
    """The template with the functions that were built, or with this code, less what ministack's CloudFormation does not have."""
    template["Globals"]["Function"].pop("CodeUri", None)
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            properties["CodeUri"] = code[name] if code else name
        # No alarms on an expression: this one is then on the first metric in it.
        if not cloud.is_aws and resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in properties:
            stat = next(metric["MetricStat"] for metric in properties.pop("Metrics") if "MetricStat" in metric)
            properties |= stat["Metric"] | {"Statistic": stat["Stat"], "Period": stat["Period"]}
    return template


def check_deploy(stack):
    stack.create()
    stack.consume(stack.bus)


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
    file = out / "deployable.yaml"
    file.write_text(json.dumps(deployable(cloud, template, zips)))
    stack = Stack(cloud, "packaged")
    stack.create(file)
    stack.consume(stack.bus)
    stack.post(200, "/tencent-vod/demo", tencent_body("5285485487985271498"))
    stack.all_are_consumed()
    stack.delete()
