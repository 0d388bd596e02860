"""The command `mediahook`, built from here and run against a stack."""

import json
import os
import pathlib
import subprocess

from cloud import ROOT, Failed
from stack import expect


def build():
    subprocess.run(["cargo", "build", "--quiet", "--locked", "--package", "mediahook-cli"], cwd=ROOT, check=True)


def run(stack, url, *arguments):
    """Exit status and the lines of the command."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    line = [target / "debug" / "mediahook", "--stack", stack.name, "--url", url, "--json", *arguments]
    if stack.bus and not stack.cloud.is_aws:
        line += ["--event-bus", stack.bus]  # of this call, ministack does not take the ARN
    done = subprocess.run(line, capture_output=True, text=True, timeout=120)
    if done.returncode > 1 or not done.stdout:
        raise Failed(f"{arguments[0]}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def doctor(stack, url, *options):
    """What the doctor found, check by check."""
    status, lines = run(stack, url, "doctor", *options)
    checks = [line for line in lines if "check" in line]
    expect(1 if any(check["status"] == "fail" for check in checks) else 0, status)
    return checks
