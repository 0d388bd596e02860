"""Writes template-packaged.yaml: template.yaml with the zips of a release in the place of the source code."""

import pathlib
import re
import sys

BUILD = re.compile(r"    Metadata:\n      BuildMethod: rust-cargolambda\n      BuildProperties:\n        Binary: (\w+)\n    Properties:\n")


def main(template, version, architecture, target):
    text = pathlib.Path(template).read_text()
    text, functions = BUILD.subn(rf"    Properties:\n      CodeUri: mediahook-{version}-\1-{architecture}.zip\n", text)
    text, sources = re.subn(r"    CodeUri: \.\n", "", text)
    text, architectures = re.subn(r"    Architectures: \[arm64\]\n", f"    Architectures: [{architecture}]\n", text)
    if (functions, sources, architectures) != (3, 1, 1):
        sys.exit(f"{template}: {functions} functions, {sources} CodeUri, {architectures} Architectures; expected 3, 1, 1")
    pathlib.Path(target).write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
