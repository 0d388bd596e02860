"""Packs one binary, by default as the bootstrap that Lambda wants: nothing of the time, the user or the file system goes into the zip."""

import pathlib
import sys
import zipfile

MACHINES = {"x86_64": 62, "arm64": 183}  # e_machine of an ELF header


def main(binary, architecture, target, name="bootstrap"):
    content = pathlib.Path(binary).read_bytes()
    machine = int.from_bytes(content[18:20], "little")
    if content[:4] != b"\x7fELF" or machine != MACHINES[architecture]:
        sys.exit(f"{binary}: not a Linux binary for {architecture}")
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.create_system = 3  # Unix: the next line counts
    entry.external_attr = 0o100755 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(entry, content, compresslevel=9)


if __name__ == "__main__":
    main(*sys.argv[1:])
