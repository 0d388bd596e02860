"""The envelope of an event: the `detail` of what EventBridge delivers."""

from typing import Any, Literal, NotRequired, TypedDict


class Envelope(TypedDict):
    specversion: str
    id: str
    source: str
    type: str
    outcome: Literal["succeeded", "failed", "progress", "unknown"]
    data: NotRequired[dict[str, Any]]
    dataref: NotRequired[str]
    subject: NotRequired[str]
    time: NotRequired[str]
    datacontenttype: NotRequired[str]
    taskid: NotRequired[str]
    mediaid: NotRequired[str]
    proceduretaskid: NotRequired[str]
    context: NotRequired[str]
    errorcode: NotRequired[str]
    errormessage: NotRequired[str]
    verdict: NotRequired[Literal["pass", "review", "block", "unknown"]]
    deleted: NotRequired[Literal["media", "parts", "mixed", "unknown"]]
    channel: NotRequired[Literal["push", "pull", "unknown"]]
    recordedtime: NotRequired[str]
    traceparent: NotRequired[str]
