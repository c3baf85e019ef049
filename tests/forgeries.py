"""Messages that nobody of ours sent, as they may lie in the queue's list."""

import base64
import json
import pickle
from typing import Any

from shared.queue import TASK

IDS = {"version": 1, "batch_id": "spring", "number": 7}


def forged(argument: Any = IDS, *, embed: Any = None, **parts: Any) -> bytes:
    """A well-formed message of Celery's, changed.

    Args:
        argument: The task's argument; a number stands for that item of the batch `spring`.
        embed: What is to be done besides: callbacks, chain, …
        parts: Fields of `headers` and `properties`, or other names at the top.
    """
    argument = IDS | {"number": argument} if isinstance(argument, int) else argument
    headers = {"lang": "py", "task": TASK, "id": "an-id"} | parts.pop("headers", {})
    properties = {
        "body_encoding": "base64",
        "delivery_info": {"exchange": "", "routing_key": "x"},
        "delivery_mode": 2,
        "delivery_tag": "a-tag",
        "priority": 0,
    } | parts.pop("properties", {})
    message = {
        "body": in_base64(json.dumps([[argument], {}, embed or {}])),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": headers,
        "properties": properties,
    }
    return json.dumps(message | parts).encode()


def in_base64(text: str | bytes) -> str:
    """As bodies are written."""
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def unreadable() -> dict[str, bytes]:
    """One message of each kind that cannot be read, by name.

    Of these, most end a worker of plain Celery, and `task no text`, `body short`, `id no text`
    and `stamps no list` are then put back, so that they end its successor as well, for ever.
    """
    pickled = in_base64(pickle.dumps([[IDS], {}, {}]))
    return {
        "no text": b"\xff\xfe\x00hello",
        "no json": b"hello",
        "nothing": b"",
        "null": b"null",
        "a number": b"5",
        "a list": b"[1, 2]",
        "deep": b"[" * 8_000,
        "an empty object": b"{}",
        "terminal codes": b"\x1b]0;owned\x07\x1b[2J\xe2\x80\xae",
        "headers null": forged().replace(b'"headers": {', b'"headers": null, "h": {'),
        "headers a list": forged().replace(b'"headers": {', b'"headers": [1], "h": {'),
        "properties null": forged().replace(b'"properties": {', b'"properties": null, "p": {'),
        "priority no number": forged(properties={"priority": "high"}),
        "body no base64": forged(body="!!!"),
        "body a number": forged(body=5),
        "body no json": forged(body=in_base64("hello")),
        "body no list": forged(body=in_base64('{"a": 1}')),
        "body short": forged(body=in_base64("[[]]")),
        "body deep": forged(body=in_base64("[" * 8_000)),
        "pickle": forged(**{"body": pickled, "content-type": "application/x-python-serialize"}),
        "pickle as json": forged(body=pickled),
        "another encoding": forged(**{"content-encoding": "utf-7"}),
        "another task": forged(headers={"task": "celery.backend_cleanup"}),
        "task no text": forged(headers={"task": {"a": 1}}),
        "no argument": forged(body=in_base64("[[], {}, {}]")),
        "two arguments": forged(body=in_base64(json.dumps([[IDS, IDS], {}, {}]))),
        "argument by name": forged(body=in_base64(json.dumps([[], {"body": IDS}, {}]))),
        "argument no ids": forged({"version": 1, "batch_id": "a/b", "number": 1}),
        "another version": forged(IDS | {"version": 2}),
        "more than ids": forged(IDS | {"callbacks": ["rm"]}),
        "large": forged(properties={"padding": "x" * 1_000_000}),
    }
