"""The queue messages of all fixtures before two judges: the JSON Schema of CloudEvents 1.0, and the official SDK for Python.

    cargo test --test suite standards
    python3 -m venv VENV && VENV/bin/pip install --requirement .ci/requirements.txt
    VENV/bin/python tests/cloudevents/check.py target/tmp/messages.jsonl
"""

import json
import pathlib
import sys

from cloudevents.core.formats.json import JSONFormat
from jsonschema import Draft7Validator

SCHEMA = pathlib.Path(__file__).with_name("schema.json")


def main():
    messages = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    schema = Draft7Validator(json.loads(SCHEMA.read_text()), format_checker=Draft7Validator.FORMAT_CHECKER)
    # Without their packages, these are not checked.
    assert {"date-time", "uri-reference"} <= set(schema.format_checker.checkers)
    for message in messages:
        sent = json.loads(message)
        schema.validate(sent)
        event = JSONFormat().read(None, message)
        assert event.get_data() == sent.get("data"), sent["id"]
        # What the SDK makes of it, the schema allows too, and only the form of the time may differ.
        written = json.loads(JSONFormat().write(event))
        schema.validate(written)
        assert written | {"time": None} == sent | {"time": None}, sent["id"]
    assert messages
    print(f"{len(messages)} messages are CloudEvents")


if __name__ == "__main__":
    main()
