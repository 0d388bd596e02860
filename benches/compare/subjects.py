"""Who is compared: how each is built or installed, started and called."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PEERS = HERE / "peers"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mediahook" / "compare"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target").absolute()

OURS = "receiver"
NAMES = [OURS, "stock-rust", "python", "node", "floor"]
TOKEN = "t0ken-of-the-bench"
PATH = f"/tencent-vod/main/{TOKEN}"


@dataclass
class Subject:
    """A function's command, and what its environment has beside what Lambda sets. `{queue}` in it is the queue's URL."""

    name: str
    command: list
    folder: Path = ROOT
    variables: dict = field(default_factory=lambda: {"QUEUE_URL": "{queue}", "PATH_TOKEN": TOKEN})
    binary: Path | None = None
    version: str | None = None


def subjects(options):
    """All that can be had here; whoever cannot is named, with the reason."""
    given = dict(given.split("=", 1) for given in options.subject)
    found = []
    for name in [*NAMES, *(name for name in given if name not in NAMES)]:
        if options.only and name not in options.only.split(","):
            continue
        if name in ("python", "node"):
            subject = python(options.install, options.python) if name == "python" else node(options.install)
            found += [subject] if subject else []
            continue
        binary = Path(given[name]).absolute() if name in given else built(name, options.build)
        if not binary.is_file():
            raise SystemExit(f"compare: {name}: there is no {binary}")
        if name in ("stock-rust", "floor"):
            found.append(Subject(name, [binary], binary=binary))
        else:  # ours, or another build of it
            found.append(Subject(name, [binary], binary=binary, variables=receiver_variables()))
    return found


def receiver_variables():
    sources = {"tencent-vod/main": {"path_tokens": [TOKEN]}}
    return {"MEDIAHOOK_SOURCES": json.dumps(sources), "MEDIAHOOK_QUEUE_URL": "{queue}", "MEDIAHOOK_BUCKET": "bucket"}


def built(name, build):
    manifest = ROOT / "Cargo.toml" if name == OURS else PEERS / name / "Cargo.toml"
    if build:
        print(f"compare: building {name}", flush=True)
        run(["cargo", "build", "--release", "--locked", "--manifest-path", manifest, "--bin", name, "--target-dir", TARGET])
    return TARGET / "release" / name


def python(install, base):
    environment = CACHE / "python"
    requirements, marker = PEERS / "python" / "requirements.txt", environment / "requirements.txt"
    base = Path(shutil.which(base or sys.executable) or base)
    is_of_base = (environment / "bin/python").resolve() == base.resolve()
    if install and not (is_of_base and same(requirements, marker)):
        print(f"compare: installing python's packages into {environment}", flush=True)
        run([base, "-m", "venv", "--clear", environment])
        run([environment / "bin/pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", requirements])
        shutil.copy(requirements, marker)  # last: it says that all is there
    if not same(requirements, marker):
        return skipped("python", "its packages are not installed (--install)")
    interpreter = environment / "bin/python"
    command = [interpreter, "-m", "awslambdaric", "function.handler"]
    return Subject("python", command, PEERS / "python", version=version(interpreter))


def node(install):
    if not shutil.which("node") or install and not shutil.which("npm"):
        return skipped("node", "there is no node, or no npm")
    folder, source = CACHE / "node", PEERS / "node"
    lock, marker = source / "package-lock.json", folder / "installed-lock.json"
    if install and not same(lock, marker):
        print(f"compare: installing node's packages into {folder}", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        for file in (source / "package.json", lock):
            shutil.copy(file, folder)
        run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=folder)
        shutil.copy(lock, marker)  # last: it says that all is there
    if not same(lock, marker):
        return skipped("node", "its packages are not installed (--install)")
    for file in source.glob("*.mjs"):  # beside its packages, where node looks for them
        shutil.copy(file, folder)
    interpreter = shutil.which("node")
    return Subject("node", [interpreter, "runtime.mjs"], folder, version=f"Node {version(interpreter)}")


def skipped(name, reason):
    print(f"compare: {name} is skipped: {reason}", flush=True)


def same(file, copy):
    return copy.exists() and copy.read_bytes() == file.read_bytes()


def version(interpreter):
    return subprocess.run([interpreter, "--version"], check=True, capture_output=True, text=True).stdout.strip()


def run(command, cwd=None):
    if subprocess.run(command, cwd=cwd).returncode:
        raise SystemExit(f"compare: failed: {' '.join(map(str, command))}")
