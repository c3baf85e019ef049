"""A message on the wire: opened with suspicion, and made anew of what was understood.

Celery obeys whatever a message says: follow-up tasks, times, addresses for answers, compression.
Who may write to the queue could so run what they like. Of ours only the argument counts.
"""

import base64
import binascii
import json
import uuid
from datetime import datetime
from typing import Any, Literal, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shared.errors import MessageInvalid
from shared.wording import first_problems, shorten

#: Ours take about 1,000 bytes; a larger one is not even read.
MAX_MESSAGE_BYTES = 16_384


class _Part(BaseModel):
    """Names that are not listed are left behind, whatever they say."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class _Headers(_Part):
    task: str
    #: When the message is of no use any more; the steward's beats carry it.
    expires: AwareDatetime | None = None


class _Properties(_Part):
    body_encoding: Literal["base64"]
    priority: int = Field(0, ge=0, le=9)


class _Wire(_Part):
    body: str
    content_type: Literal["application/json"] = Field(alias="content-type")
    content_encoding: Literal["utf-8"] = Field(alias="content-encoding")
    headers: _Headers
    properties: _Properties


#: Arguments, keyword arguments, and what is to be done besides.
_BODY: TypeAdapter[tuple[list[Any], dict[str, Any], dict[str, Any]]] = TypeAdapter(
    tuple[list[Any], dict[str, Any], dict[str, Any]], config=ConfigDict(strict=True)
)


class Letter(NamedTuple):
    """What was understood of a message."""

    arguments: list[Any]
    priority: int
    expires: datetime | None = None


def open_envelope(raw: bytes, task: str) -> Letter:
    """Take a message apart.

    Raises:
        MessageInvalid: Not a message of Celery's second protocol in JSON for this task.
    """
    if len(raw) > MAX_MESSAGE_BYTES:
        raise MessageInvalid(reason=f"it has {len(raw):,} bytes, more than {MAX_MESSAGE_BYTES:,}")
    try:
        wire = _Wire.model_validate_json(raw)
        arguments, named, _ = _BODY.validate_json(_decoded(wire.body))
    except ValidationError as error:
        raise MessageInvalid(reason=first_problems(error, ())) from error
    if wire.headers.task != task:
        raise MessageInvalid(reason=f"it asks for the task {shorten(repr(wire.headers.task))}")
    if named:
        raise MessageInvalid(reason="it has arguments by name")
    return Letter(arguments, wire.properties.priority, wire.headers.expires)


def _decoded(body: str) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MessageInvalid(reason=f"its body is no base64 ({error})") from error


def seal_envelope(letter: Letter, task: str, queue: str) -> dict[str, Any]:
    """A message as kombu reads it, under a name of its own, with nothing else to be obeyed."""
    name = uuid.uuid4().hex
    expires = letter.expires and letter.expires.isoformat()
    return {
        "body": base64.b64encode(json.dumps([letter.arguments, {}, {}]).encode()).decode(),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {"lang": "py", "task": task, "id": name, "expires": expires},
        "properties": {
            "body_encoding": "base64",
            "delivery_info": {"exchange": queue, "routing_key": queue},
            "delivery_tag": name,
            "priority": letter.priority,
        },
    }


def readable(raw: bytes) -> bytes:
    """What a person wants to see of a message: its body where it has one, else the whole."""
    if len(raw) > MAX_MESSAGE_BYTES:
        return raw
    try:
        return base64.b64decode(_Wire.model_validate_json(raw).body, validate=True) or raw
    except ValueError:  # pydantic's and base64's errors are both
        return raw
