"""Who is compared: how each is built or installed, and started."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PEERS = HERE / "peers"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mediahook" / "compare"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target").absolute()

@dataclass
class Subject:
    """A function's command, and what its environment has beside what Lambda sets. `{SQS}` in it is that service's URL."""

    name: str
    command: list
    variables: dict
    folder: Path = ROOT
    binary: Path | None = None
    version: str | None = None


def binaries(options, known, ours):
    """The subjects that are built: these, by their variables, and other builds of ours."""
    given = dict(given.split("=", 1) for given in options.subject)
    found = []
    for name in [*known, *(name for name in given if name not in known)]:
        if options.only and name not in options.only.split(","):
            continue
        binary = Path(given[name]).absolute() if name in given else built(name, name == ours, options.build)
        if not binary.is_file():
            raise SystemExit(f"compare: {name}: there is no {binary}")
        found.append(Subject(name, [binary], known.get(name, known[ours]), binary=binary))
    return found


def built(name, is_ours, build):
    manifest = ROOT / "Cargo.toml" if is_ours else PEERS / name / "Cargo.toml"
    if build:
        print(f"compare: building {name}", flush=True)
        run(["cargo", "build", "--release", "--locked", "--manifest-path", manifest, "--bin", name, "--target-dir", TARGET])
    return TARGET / "release" / name


def python(name, variables, options):
    environment, install = CACHE / name, options.install
    requirements, marker = PEERS / name / "requirements.txt", environment / "requirements.txt"
    base = Path(shutil.which(options.python or sys.executable) or options.python)
    is_of_base = (environment / "bin/python").resolve() == base.resolve()
    if install and not (is_of_base and same(requirements, marker)):
        print(f"compare: installing the packages of {name} into {environment}", flush=True)
        run([base, "-m", "venv", "--clear", environment])
        run([environment / "bin/pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", requirements])
        shutil.copy(requirements, marker)  # last: it says that all is there
    if not same(requirements, marker):
        return skipped(name, "its packages are not installed (--install)")
    interpreter = environment / "bin/python"
    command = [interpreter, "-m", "awslambdaric", "function.handler"]
    return Subject(name, command, variables, PEERS / name, version=version(interpreter))


def node(name, variables, options):
    install = options.install
    if not shutil.which("node") or install and not shutil.which("npm"):
        return skipped(name, "there is no node, or no npm")
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
        return skipped(name, "its packages are not installed (--install)")
    for file in source.glob("*.mjs"):  # beside its packages, where node looks for them
        shutil.copy(file, folder)
    interpreter = shutil.which("node")
    return Subject(name, [interpreter, "runtime.mjs"], variables, folder, version=f"Node {version(interpreter)}")


def skipped(name, reason):
    print(f"compare: {name} is skipped: {reason}", flush=True)


def same(file, copy):
    return copy.exists() and copy.read_bytes() == file.read_bytes()


def version(interpreter):
    return subprocess.run([interpreter, "--version"], check=True, capture_output=True, text=True).stdout.strip()


def run(command, cwd=None):
    if subprocess.run(command, cwd=cwd).returncode:
        raise SystemExit(f"compare: failed: {' '.join(map(str, command))}")
