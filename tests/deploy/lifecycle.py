"""A stack over time: its secret, its deletion, the same name again."""

import json
import threading

from cloud import wait_until
from senders import SOURCES, tencent_body
from stack import Stack, expect


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


def check_another_secret(main):
    """SourcesSecretArn changes from the stack's own to another, and to a third, while callbacks arrive all the time."""
    stack = Stack(main.cloud, "another-secret")
    stack.create()
    stack.consume(stack.bus)
    secrets = main.cloud.client("secretsmanager")
    files, answers, cut_off, done = iter(range(5285485487985272000, 5285485487985279000)), [], [], threading.Event()

    def send():
        while not done.is_set():
            file = str(next(files))
            status, body = stack.ask("/tencent-vod/demo", tencent_body(file))
            # ministack ends a function's process in the middle of a request when its configuration changes; AWS lets it finish.
            while not main.cloud.is_aws and b"Runtime.ExitError" in body:
                cut_off.append(file)
                status, body = stack.ask("/tencent-vod/demo", tencent_body(file))
            answers.append((status, b"" if status == 200 else body))
            if status == 200:
                stack.accepted.add(json.loads(body)["id"])

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    try:
        for name in ("second", "third"):
            arn = secrets.create_secret(Name=f"{stack.name}-{name}", SecretString=json.dumps(SOURCES))["ARN"]
            main.cloud.will_purge([("AWS::SecretsManager::Secret", arn)])
            before = len(answers)
            stack.deploy(SourcesSecretArn=arn)
            expect((arn, arn), (stack.secret, stack.variables("Receiver")["MEDIAHOOK_SOURCES_SECRET"]))
            attached = main.cloud.client("iam").list_attached_role_policies(RoleName=stack.resource("ReceiverRole"))["AttachedPolicies"]
            expect([stack.resource("SourcesReadPolicy")], [policy["PolicyArn"] for policy in attached], "the old policy is gone")
            wait_until(lambda: len(answers) > before + 5, 60, lambda: f"{len(answers) - before} callbacks during the deployment")
    finally:
        done.set()
        sender.join(60)
    print(f"          {len(answers)} callbacks while the secret changed twice, {len(cut_off)} cut off by the emulator", flush=True)
    why = [line[:600] for line in stack.log("receiver") if '"ERROR"' in line][:5]
    expect([], [answer for answer in answers if answer[0] != 200], f"{why}")
    expect(True, len(cut_off) <= 2, f"{len(cut_off)} were cut off: one for each change of the function at most")
    stack.all_are_consumed()
    stack.delete()


def check_delete(stack):
    logs = [stack.resource(f"{name}Logs") for name in ("Receiver", "Processor", "Puller")]
    # An event in the queue, and one in the spill, which only what is retained still holds.
    stack.pause()
    stack.post(200, "/tencent-vod/demo", tencent_body("5285485487985271491"))
    stack.s3.put_object(Bucket=stack.bucket, Key="spill/deleted-with.json", Body=b"{}")
    wait_until(lambda: stack.waiting() == (1, 1), 60, lambda: f"one event and one dead letter: {stack.waiting()}")
    stack.delete()
    remaining = stack.cloud.client("lambda").list_functions()["Functions"]
    expect([], [f["FunctionName"] for f in remaining if f["FunctionName"].startswith(f"{stack.name}-")])
    expect((1, 1), stack.waiting())
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
    stack.create()
    expect(set(), old & {stack.queue, stack.bucket, stack.secret, stack.bus})
    stack.sqs.delete_queue(QueueUrl=stack.consumer)
    stack.accepted = set()
    stack.consume(stack.bus)
    stack.post(200, "/tencent-vod/demo", tencent_body("5285485487985271492"))
    stack.all_are_consumed()
    stack.delete()
