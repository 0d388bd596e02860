"""What a deployment promises, checked one by one. Started by `run`."""

import argparse
import importlib.metadata
import pathlib
import signal
import sys
import time

import account
import build
import callbacks
import doctor
import examples
import lifecycle
import on_aws
import parameters
from cloud import Emulator, tail
from stack import Stack

BOTH, EMULATED, AWS = {"emulator", "AWS"}, {"emulator"}, {"AWS"}

CHECKS = [
    ("the template is valid, and lint finds nothing", build.check_template, BOTH),
    ("sam build: every binary", build.check_build, BOTH),
    ("sam deploy: every resource (but the archive, on the emulator)", build.check_deploy, BOTH),
    ("Tencent VOD, signed: 200 with an id", callbacks.check_tencent, BOTH),
    ("Tencent VOD, secret path: 200 with an id", callbacks.check_path_token, BOTH),
    ("Alibaba IMS, signed for the function URL: 200 with an id", callbacks.check_alibaba, BOTH),
    ("the same event sent again: 200 with the same id", callbacks.check_sent_again, BOTH),
    ("too large for the queue: 200, the data in the bucket", callbacks.check_too_large, BOTH),
    ("no event: 400, the body in the bucket", callbacks.check_no_event, BOTH),
    ("forged, stale, wrong token: 401", callbacks.check_refused, BOTH),
    ("unknown source: 404", callbacks.check_unknown_source, BOTH),
    ("every event is on the bus of the stack, once, and the queue is empty", callbacks.check_processed, BOTH),
    ("what was spilled is pulled, and processed", callbacks.check_spill, BOTH),
    ("what can never be processed is in the dead-letter queue", callbacks.check_dead_letter, BOTH),
    ("the queues refuse a call without TLS", callbacks.check_tls, BOTH),
    ("the schedule has a role that only it may assume", callbacks.check_schedule, BOTH),
    ("no key is in a log", callbacks.check_logs, BOTH),
    ("a Python consumer behind the bus: each event once, a large one with its data", examples.check_python, BOTH),
    ("a TypeScript consumer behind the bus: each event once, a large one with its data", examples.check_typescript, BOTH),
    ("SourcesSecretArn: no deployment writes to the secret", lifecycle.check_own_secret, BOTH),
    ("what only AWS has: how long a start takes, and what it bills", on_aws.check_starts, AWS),
    ("what only AWS has: a callback after idle minutes", on_aws.check_idle, AWS),
    ("what only AWS has: a group that fails is redelivered, and nothing of it is lost or twice", on_aws.check_redelivery, AWS),
    ("what only AWS has: the metrics in the log have arrived", on_aws.check_metrics, AWS),
    ("what only AWS has: an alarm fired, and somebody was told", on_aws.check_alarm, AWS),
    ("sam delete: what holds events or keys, and its policies, remain", lifecycle.check_delete, BOTH),
    ("the same name deploys again at once", lifecycle.check_redeploy, BOTH),
    ("mediahook doctor: all is well on a fresh stack, and each of many mistakes is named", doctor.check_doctor, EMULATED),
    ("EventBus EXISTING without such a bus: the guard is refused, no event is put", parameters.check_missing_bus, EMULATED),
    ("EventBus EXISTING without such a bus: the deployment is refused", parameters.check_missing_bus_refused, AWS),
    ("EventBus EXISTING: the events are on that bus, which outlives the stack", parameters.check_existing_bus, BOTH),
    ("EventBus NONE: the stack's processor leaves the events to one's own", parameters.check_no_bus, BOTH),
    ("a Rust handler in the processor's place: each event once, what cannot be read is a dead letter", examples.check_handler, BOTH),
    ("Endpoint HTTP_API: the same answers, Alibaba's signature included", parameters.check_http_api, BOTH),
    ("Endpoint NONE: no address, what was spilled is processed", parameters.check_pull_only, BOTH),
    ("a region without function URLs: refused, with the reason", parameters.check_region, EMULATED),
    ("parameters that contradict each other: refused, with the reason", parameters.check_rules, BOTH),
    ("alarms by mail or to another topic, a longer timeout: all of it works", parameters.check_organisation, BOTH),
    ("SourcesSecretArn changes twice with callbacks all the while: none is refused", lifecycle.check_another_secret, BOTH),
    ("a release: sam deploy of template-packaged.yaml and its zips, without a build", build.check_packaged, BOTH),
    ("template-edge.yaml: callbacks arrive through CloudFront alone, while its secret is replaced", parameters.check_edge, EMULATED),
]
NEEDED = (build.check_build, build.check_deploy)


def main():
    parser = argparse.ArgumentParser(prog="tests/deploy/run", description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, metavar="FOLDER",
                        help="keeps what sam build makes in this folder, or uses what an earlier run has left there")
    parser.add_argument("--only", metavar="WORDS", help="runs only checks with these words in their names, and what they need")
    account.add_options(parser)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an end from outside takes everything down, too
    if options.aws and not account.is_agreed(options):
        return 2
    with account.place(options) if options.aws else Emulator(options.build) as cloud:
        sam = importlib.metadata.version("aws-sam-cli")
        print(f"deploy: for {cloud.architecture}, with aws-sam-cli {sam}, to {cloud.name}", flush=True)
        here = "AWS" if options.aws else "emulator"
        checks = [check for check in CHECKS if here in check[2]]
        chosen = [(name, check) for name, check, _ in checks if not options.only or options.only in name or check in NEEDED]
        results = run_checks(cloud, chosen)
        failed = sum(1 for _, problem, _ in results if problem)
        if failed and not options.aws:
            print(f"The end of ministack's log:\n{tail(cloud.log)}")
    skipped = len(checks) - len(results)
    print(f"deploy: {len(results) - failed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    if options.aws:
        failed += account.write_report(cloud, options.report, results)
    return 1 if failed else 0


def run_checks(cloud, checks):
    """Name, what went wrong, and seconds of each check that was run."""
    stack, results = Stack(cloud, "mediahook"), []
    for name, check in checks:
        started, problem = time.monotonic(), None
        try:
            check(stack)
        except Exception as error:  # whatever it is: it is this check's failure, and the others have their turn
            problem = f"{type(error).__name__}: {error}"
        seconds = time.monotonic() - started
        results.append((name, problem, seconds))
        print(f"  FAILED  {name}\n{problem}" if problem else f"  ok      {name:<80}{seconds:7.1f} s", flush=True)
        if problem and check in NEEDED:
            break
    return results


if __name__ == "__main__":
    sys.exit(main())
