"""A real account: `run --aws`. Every stack has a name of its own, and nothing of it is left at the end."""

import contextlib
import datetime
import importlib.metadata
import os
import pathlib
import re
import secrets
import subprocess
import sys

import boto3
import botocore.exceptions

from cloud import ROOT, Cloud, Emulator, Failed, tail

COST = """\
This deploys some ten stacks of mediahook to account {account} in {region}, one after the other, calls them some thousand times,
and deletes everything that it made. It takes about an hour and a half. The cost, at the prices of us-east-1 on 2026-11-29, is
some 0.30 US dollars, and less than 1:

  alarms          20 for each stack at 0.10 a month, by the hour     0.05
  secrets         13 at 0.40 a month, by the hour                    0.01
  dashboards      3 are free; 3.00 a month each beyond, by the hour  0.05
  all requests, logs, storage and the bus                            0.10

`sam deploy` uses its own bucket (stack aws-sam-cli-managed-default), which stays. Two mails ask a@example.com, which nobody
has, to confirm. Nothing else of the account is read or changed."""


def add_options(parser):
    parser.add_argument("--aws", action="store_true",
                        help="deploys to AWS, with your own credentials: says what it costs, and does nothing without --yes")
    parser.add_argument("--yes", action="store_true", help="with --aws: yes, do it")
    parser.add_argument("--report", type=pathlib.Path, metavar="FILE", default=pathlib.Path("mediahook-aws-report.md"),
                        help="with --aws: where to write what was found, without names of the account (default: %(default)s)")
    parser.add_argument("--idle-minutes", type=float, metavar="MINUTES", default=10,
                        help="with --aws: how long the receiver waits for its next callback (default: %(default)s)")
    parser.add_argument("--rehearse", action="store_true",
                        help="with --aws: all of it, but against ministack, without what that does not carry")


def is_agreed(options):
    """Says what it costs. Whether it is to be done."""
    if not options.rehearse:
        try:
            session = boto3.Session()
            account, region = boto3.client("sts").get_caller_identity()["Account"], session.region_name
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
            sys.exit(f"deploy: no account: {error}")
        if not region:
            sys.exit("deploy: no region: set AWS_REGION, or a profile that has one")
        print(COST.format(account=account, region=region))
    if not options.yes:
        print("deploy: nothing was done. Run it again with --yes")
    return options.yes


def place(options):
    return Rehearsal(options) if options.rehearse else Account(options)


class Leaving(Cloud):
    """A cloud that outlives the run: what was made there is written down, and deleted at the end."""

    def __init__(self, options):
        super().__init__(options.build)
        self.run = f"{datetime.date.today():%m%d}{secrets.token_hex(2)}"
        self.prefix = f"proof-{self.run}-"
        self.tags = ("--tags", f"mediahook-proof={self.run}")
        self.idle_s = options.idle_minutes * 60
        self.figures, self.left = [], []  # lines of the report
        self._stacks, self._resources = [], []

    def will_remove(self, stack):
        if stack.name not in [one.name for one in self._stacks]:
            self._stacks.append(stack)

    def will_purge(self, resources):
        self._resources += [one for one in resources if one not in self._resources]

    def remove_all(self):
        """Deletes the stacks, then what outlives them. What could not be deleted is a line of the report, and of the output."""
        left = []
        for stack in reversed(self._stacks):
            with contextlib.suppress(botocore.exceptions.ClientError):  # it is deleted
                stack.resources()
                try:
                    stack.delete()
                except Failed as failure:
                    left.append(f"stack {stack.name}: {failure}")
        for kind, name in self._resources:
            try:
                PURGES.get(kind, lambda *_: None)(self, name)
            except botocore.exceptions.ClientError as error:
                if not is_gone(error):
                    left.append(f"{kind} {name}: {error}")
        left += [f"still there: {arn}" for arn in self._tagged()]
        for line in left:
            print(f"deploy: LEFT, delete it yourself: {line}", flush=True)
        self.figures.append(f"{len(self._stacks)} stacks deleted, {len(left)} resources left")
        self.left = left

    def _tagged(self):
        """What still has the tag of this run. Secrets and tables are listed for a while after they were deleted."""
        pages = self.client("resourcegroupstaggingapi").get_paginator("get_resources").paginate(
            TagFilters=[{"Key": "mediahook-proof", "Values": [self.run]}])
        arns = [found["ResourceARN"] for page in pages for found in page["ResourceTagMappingList"]]
        return [arn for arn in arns if ":secretsmanager:" not in arn and ":cloudformation:" not in arn and not self._is_gone(arn)]

    def _is_gone(self, arn):
        try:
            return ":table/" in arn and not self.client("dynamodb").describe_table(TableName=arn.rsplit("/")[-1])
        except botocore.exceptions.ClientError as error:
            return is_gone(error)


class Account(Leaving):
    """AWS itself."""

    is_aws = True

    def __init__(self, options):
        super().__init__(options)
        self.region = boto3.Session().region_name
        self.name = f"AWS, {self.region}"

    def _start(self):
        os.environ |= {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region, "SAM_CLI_TELEMETRY": "0"}
        os.environ["PATH"] = f"{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    def _stop(self):
        self.remove_all()
        self._folder.cleanup()

    def address(self, domain):
        return f"https://{domain}", {}

    @contextlib.contextmanager
    def url_of(self, domain):
        yield f"https://{domain}/"

    def plain_endpoint(self, service):
        return f"http://{service}.{self.region}.amazonaws.com"


class Rehearsal(Leaving, Emulator):
    """The same on ministack."""

    def __init__(self, options):
        super().__init__(options)
        self.name = f"{self.name}, which is not AWS: a rehearsal"

    def _stop(self):
        try:
            self.remove_all()
        finally:
            super()._stop()


def is_gone(error):
    code = error.response["Error"]["Code"]
    return any(word in code for word in ("NotFound", "NonExistent", "NoSuch", "NoSuchEntity", "404"))


def purge_bucket(cloud, name):
    s3 = cloud.client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        versions = page.get("Versions", []) + page.get("DeleteMarkers", [])
        if versions:
            objects = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in versions]
            s3.delete_objects(Bucket=name, Delete={"Objects": objects, "Quiet": True})
    s3.delete_bucket(Bucket=name)


def purge_bus(cloud, name):
    events = cloud.client("events")
    for rule in events.list_rules(EventBusName=name)["Rules"]:
        targets = events.list_targets_by_rule(Rule=rule["Name"], EventBusName=name)["Targets"]
        if targets:
            events.remove_targets(Rule=rule["Name"], EventBusName=name, Ids=[target["Id"] for target in targets])
        events.delete_rule(Name=rule["Name"], EventBusName=name)
    events.delete_event_bus(Name=name)


# What the template retains, and what the checks make beside it.
PURGES = {
    "AWS::SQS::Queue": lambda cloud, url: cloud.client("sqs").delete_queue(QueueUrl=url),
    "AWS::S3::Bucket": purge_bucket,
    "AWS::SecretsManager::Secret": lambda cloud, arn: cloud.client("secretsmanager").delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True),
    "AWS::Logs::LogGroup": lambda cloud, name: cloud.client("logs").delete_log_group(logGroupName=name),
    # Lambda makes it for a function that names no log group.
    "AWS::Lambda::Function": lambda cloud, name: cloud.client("logs").delete_log_group(logGroupName=f"/aws/lambda/{name}"),
    "AWS::Events::EventBus": purge_bus,
    "AWS::Events::Archive": lambda cloud, name: cloud.client("events").delete_archive(ArchiveName=name),
    "AWS::SNS::Topic": lambda cloud, arn: cloud.client("sns").delete_topic(TopicArn=arn),
}


def write_report(cloud, file, results):
    """What was found, to attach to an issue. How many resources are left."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    sam = importlib.metadata.version("aws-sam-cli")
    lines = [f"# mediahook, deployed: {datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC", "",
             f"Commit {commit or 'unknown'}, {cloud.name}, {cloud.architecture}, aws-sam-cli {sam}.", "", "| check | result | s |", "| --- | --- | --- |"]
    for name, problem, seconds in results:
        lines.append(f"| {name} | {'**failed**' if problem else 'ok'} | {seconds:.0f} |")
    lines += ["", *[f"- {line}" for line in cloud.figures + cloud.left]]
    for name, problem, _ in results:
        if problem:
            lines += ["", f"## {name}", "", "```text", problem, "```"]
    file.write_text(without_names("\n".join(lines) + "\n"))
    print(f"deploy: the report is in {file}")
    return len(cloud.left)


def without_names(text):
    """Without the account's number, and the host names by which strangers could call it."""
    text = re.sub(r"\b\d{12}\b", "000000000000", text)
    return re.sub(r"\b[a-z0-9]+\.(lambda-url|execute-api)\.", r"HOST.\1.", text)
