"""What only AWS can show. On the emulator it is rehearsed as far as that carries, and the report says where it does not."""

import contextlib
import datetime
import json
import re
import time

from cloud import wait_until
from senders import PATH_TOKEN, tencent_body
from stack import Stack, expect

# Both forms of the line: JSON as Lambda writes it for the template, text where there is no JSON log format.
REPORT = re.compile(r"REPORT RequestId.*?Duration: (?P<run>[\d.]+) ms.*?Billed Duration: (?P<billed>[\d.]+) ms.*?Max Memory Used: (?P<memory>\d+)"
                    r"(?:.*?Init Duration: (?P<init>[\d.]+) ms)?", re.DOTALL)


def check_starts(stack):
    """The receiver's starts and answers as Lambda reports them, which the template's log level hides."""
    functions, name = stack.cloud.client("lambda"), stack.resource("Receiver")
    logging = functions.get_function_configuration(FunctionName=name)["LoggingConfig"]
    functions.update_function_configuration(FunctionName=name, LoggingConfig=logging | {"SystemLogLevel": "INFO"})
    functions.get_waiter("function_updated_v2").wait(FunctionName=name)
    for _ in range(20):
        stack.post(200, "/tencent-vod/demo", tencent_body(str(time.time_ns())))
    wait_until(lambda: len(reports(stack)) >= 20, 120, lambda: f"20 reports of the receiver: {len(reports(stack))}")
    functions.update_function_configuration(FunctionName=name, LoggingConfig=logging)
    functions.get_waiter("function_updated_v2").wait(FunctionName=name)
    found = reports(stack)
    inits = sorted(report["init"] for report in found if report.get("init"))
    runs = sorted(report["run"] for report in found if not report.get("init"))
    note(stack, f"receiver, {len(inits)} cold starts: init {spread(inits)} ms; {len(runs)} warm: {spread(runs)} ms; "
                f"billed in all {sum(report['billed'] for report in found):.0f} ms; memory up to {max(report['memory'] for report in found):.0f} MB")


def reports(stack):
    """The figures of each invocation: init, run and billed in ms, memory in MB."""
    found = []
    for line in stack.log("receiver"):
        with contextlib.suppress(ValueError):
            parsed = json.loads(line)
            if isinstance(parsed, dict) and parsed.get("type") == "platform.report":
                metrics = parsed["record"]["metrics"]
                found.append({"run": metrics["durationMs"], "billed": metrics["billedDurationMs"],
                              "memory": metrics["maxMemoryUsedMB"], "init": metrics.get("initDurationMs")})
            continue
        if match := REPORT.search(line):
            found.append({name: float(value) for name, value in match.groupdict().items() if value})
    return found


def check_idle(stack):
    """The connections to the queue and to the table have been idle, and are closed by AWS meanwhile."""
    stack.post(200, "/tencent-vod/demo", tencent_body(str(time.time_ns())))
    time.sleep(stack.cloud.idle_s)
    took = []
    for _ in range(3):
        began = time.monotonic()
        stack.post(200, "/tencent-vod/demo", tencent_body(str(time.time_ns())))
        took.append((time.monotonic() - began) * 1000)
    stack.all_are_consumed()
    expect([], [line for line in stack.log("receiver") if "pilled" in line], "an event in the spill")
    note(stack, f"after {stack.cloud.idle_s / 60:g} idle minutes, from here: {', '.join(f'{ms:.0f}' for ms in took)} ms")


def check_redelivery(main):
    """The bus refuses one stack's events for a while: they come again, each is on the bus once, and none is a dead letter."""
    stack = Stack(main.cloud, "failing-group")
    stack.create(ProcessorTimeout=15)
    stack.consume(stack.bus)
    iam, role = main.cloud.client("iam"), {"RoleName": stack.resource("ProcessorRole"), "PolicyName": "refuse"}
    refuse = {"Effect": "Deny", "Action": "events:PutEvents", "Resource": "*"}
    iam.put_role_policy(**role, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [refuse]}))
    time.sleep(15 if main.cloud.is_aws else 0)  # until the policy is in force
    began, file = time.monotonic(), str(time.time_ns())
    for event in ("NewFileUpload", "FileDeleted"):
        member = "FileUploadEvent" if event == "NewFileUpload" else "FileDeleteEvent"
        content = {"FileId": file} if event == "NewFileUpload" else {"FileIdSet": [file]}
        stack.post(200, f"/tencent-vod/secret-path/{PATH_TOKEN}", json.dumps({"EventType": event, member: content}).encode())
    wait_until(lambda: any('"Failed"' in line for line in stack.log("processor")), 120, lambda: "a failed event in the processor's log")
    iam.delete_role_policy(**role)
    wait_until(lambda: stack.accepted <= set(stack.consumed_ids()), 400, lambda: f"not on the bus: {stack.accepted - set(stack.consumed)}")
    stack.all_are_consumed()
    expect((0, 0), stack.waiting())
    note(stack, f"a group that failed was on the bus after {time.monotonic() - began:.0f} s, each event once")
    stack.delete()


def check_metrics(stack):
    """CloudWatch made them of the log's lines."""
    if not stack.cloud.is_aws:
        note(stack, "metrics: not rehearsed, the emulator makes none of log lines")
        return
    function = stack.resource("Receiver")
    wait_until(lambda: metric(stack, "Accepted", function), 600, lambda: "no Accepted in CloudWatch")
    note(stack, f"CloudWatch counted {metric(stack, 'Accepted', function):.0f} accepted callbacks of {len(stack.accepted)}")


def metric(stack, name, function):
    now = datetime.datetime.now(datetime.UTC)
    found = stack.cloud.client("cloudwatch").get_metric_statistics(
        Namespace="mediahook", MetricName=name, Dimensions=[{"Name": "FunctionName", "Value": function}], Statistics=["Sum"],
        Period=3600, StartTime=now - datetime.timedelta(hours=3), EndTime=now)
    return sum(point["Sum"] for point in found["Datapoints"])


def check_alarm(stack):
    """An authentic body that is no event: the alarm `rejected`, through the topic, to a queue."""
    topic, queue = stack.resource("AlarmTopic"), stack.sqs.create_queue(QueueName=f"{stack.name}-told")["QueueUrl"]
    stack.cloud.will_purge([("AWS::SQS::Queue", queue)])
    arn = stack.attribute(queue, "QueueArn")
    allow = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn}
    stack.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [allow]})})
    stack.cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    began, alarm = time.monotonic(), stack.resource("RejectedAlarm")
    stack.post(400, f"/tencent-vod/secret-path/{PATH_TOKEN}", b"[1]")
    cloudwatch = stack.cloud.client("cloudwatch")
    if not stack.cloud.is_aws:
        # No metric reaches it there: what is rehearsed is the way from the alarm on.
        cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="rehearsal")

    def state():
        return cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"][0]["StateValue"]

    wait_until(lambda: state() == "ALARM", 1200, lambda: f"the alarm is {state()}")
    wait_until(lambda: stack.count(queue), 120, lambda: "nobody was told")
    note(stack, f"an alarm fired and told a queue {time.monotonic() - began:.0f} s after the callback")


def note(stack, line):
    """For the report."""
    stack.cloud.figures.append(line)
    print(f"          {line}", flush=True)


def spread(numbers):
    if not numbers:
        return "none"
    return f"{numbers[0]:.1f} to {numbers[-1]:.1f}, median {numbers[len(numbers) // 2]:.1f}"
