"""Lints the templates for regions of every kind, with the parameters that each needs. For the Python that has cfn-lint."""

import pathlib
import subprocess
import sys

import cfnlint.decode
from cfnlint.helpers import REGIONS
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

SOURCES = 'Sources={"tencent-vod/main":{"path_tokens":["token-of-the-lint"]}}'
API = "Endpoint=HTTP_API"
# One with everything, the senders' neighbours, one that is opt-in, China, GovCloud.
DEPLOYMENTS = {
    "us-east-1": [],
    "eu-central-1": ["EventBus=EXISTING", "EventBusName=default", f"OriginSecrets={32 * '0'}"],
    "ap-southeast-1": ["EventBus=NONE", "Endpoint=NONE"],
    "ap-east-1": ["ProcessorTimeout=600", "AlarmEmail=a@example.com", "SilentAfterHours=24"],
    "cn-north-1": [API],
    "us-gov-west-1": [API],
}

# CloudFormation has the type there, and Lambda no function URLs: its documentation names the regions, and in eu-south-2 its API does
# not know the call (zappa/Zappa#1425, 2026-02).
TYPE_ONLY = {"cn-north-1", "eu-south-2"}


def main():
    bin = pathlib.Path(sys.executable).parent
    for region, parameters in DEPLOYMENTS.items():
        lint = [bin / "cfn-lint", "--regions", region, "--parameters", SOURCES, *parameters, "--template", "template.yaml"]
        subprocess.run(lint, check=True)
    # CloudFront takes certificates and web ACLs of this region alone; the registry is the same in each.
    for template in ("template-edge.yaml", "schemas/eventbridge-registry.yaml"):
        subprocess.run([bin / "cfn-lint", "--regions", "us-east-1", "--template", template], check=True)
    check_regions_without_urls()


def check_regions_without_urls():
    """The rule that names them, beside the types that CloudFormation has in each region."""
    template, problems = cfnlint.decode.decode("template.yaml")
    assert not problems, problems
    (assertion,) = template["Rules"]["FunctionUrlRegion"]["Assertions"]
    (contains,) = assertion["Assert"]["Fn::Not"]
    named = set(contains["Fn::Contains"][0])
    without = {region for region in REGIONS if not has_urls(region)} | TYPE_ONLY
    if named != without:
        sys.exit(f"FunctionUrlRegion: regions without function URLs that it does not name: {sorted(without - named)}; "
                 f"with, that it names: {sorted(named - without)}")


def has_urls(region):
    try:
        PROVIDER_SCHEMA_MANAGER.get_resource_schema(region, "AWS::Lambda::Url")
    except Exception:  # its own error, which says that there is none
        return False
    return True


if __name__ == "__main__":
    main()
