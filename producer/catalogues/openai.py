"""OpenAI batches: a request a line, of which the body names the picture and the prompt.

The picture is `body.images[0].image_url` (or `body.image`), or the one `image_url` in the messages
of a chat; the prompt is `body.prompt`, or the text of the last message that has some. `body.mask`
is a supplied mask, `body.n` the number of variants and `body.seed` the seed. All else (model, size,
quality) is the other service's: the style decides.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from producer.catalogues.entry import Picture, Recognised
from producer.catalogues.publisher import Publisher
from producer.problems import RowProblem
from producer.result_row import ResultRow
from producer.rows import Row, Rows

#: How it is shown.
OPENAI = Recognised(
    "openai-batch",
    "OpenAI batch",
    ("custom_id",),
    ("body.images[0].image_url", "body.image", "body.messages[].content[].image_url"),
)
#: Field of a body → the column that it fills.
_FIELDS = {"n": "variants", "seed": "seed"}


def request_rows(number: int, fields: dict[str, Any]) -> Rows:
    """The row of a request, which edits one picture."""
    body = fields.get("body")
    if not isinstance(body, dict):
        yield RowProblem(number, "body", "is no JSON object")
        return
    if not isinstance(fields.get("custom_id"), str):
        yield RowProblem(number, "custom_id", "is missing, or no text")
        return
    parts = list(_parts(body))
    pictures = [*_pictures(body), *_texts(parts, "image_url")]
    if len(pictures) != 1:
        said = f"names {len(pictures)} pictures" if pictures else "names no picture"
        yield RowProblem(number, "body", f"{said}; a request edits one")
        return
    prompt = body.get("prompt") or "\n".join(_texts(parts, "text"))
    mask = next(iter(_addresses(body.get("mask"))), None)
    cells = {"source": pictures[0], "external_id": fields["custom_id"], "prompt": prompt or None}
    cells |= {"mask": mask} | {column: body.get(name) for name, column in _FIELDS.items()}
    yield Row(number, {name: value for name, value in cells.items() if value is not None})


def _pictures(body: Mapping[str, Any]) -> list[str]:
    return [*_addresses(body.get("images")), *_addresses(body.get("image"))]


def _addresses(value: object) -> Iterator[str]:
    """The addresses in an address, in `{"image_url": …}`, `{"url": …}`, or in a list of these."""
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, dict):
        yield from _addresses(value.get("image_url", value.get("url")))
    elif isinstance(value, list):
        for one in value:
            yield from _addresses(one)


def _parts(body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The parts of the messages of a chat that hold pictures, and of the last one's text."""
    messages = body.get("messages")
    listed = (
        [one for one in messages if isinstance(one, dict)] if isinstance(messages, list) else []
    )
    for message in listed:
        content = message.get("content")
        is_last = message is listed[-1]
        if isinstance(content, str) and is_last:
            yield {"text": content}
        for part in content if isinstance(content, list) else ():
            if isinstance(part, dict) and (is_last or "image_url" in part):
                yield part


def _texts(parts: list[dict[str, Any]], field: str) -> list[str]:
    return [text for part in parts for text in _addresses(part.get(field))]


def response_answer(
    line: str, picture: Picture, outcome: ResultRow | None, publisher: Publisher
) -> str:
    """The answer to a request: every variant's address, or an error; in the order of requests."""
    name, batch = str(picture.row.cells["external_id"]), publisher.batch
    mark = hashlib.sha256(f"{batch.batch_id}/{name}".encode()).hexdigest()[:24]
    done = outcome if outcome and outcome.variants else None
    answer = {
        "id": f"batch_req_{mark}",
        "custom_id": name,
        "response": _response(done, picture, publisher) if done else None,
        "error": None if done else _error(outcome),
    }
    end = line[len(line.rstrip("\r\n")) :]
    return json.dumps(answer, ensure_ascii=False) + end


def _response(done: ResultRow, picture: Picture, publisher: Publisher) -> dict[str, Any]:
    like = str(picture.row.cells["source"])
    data = [{"url": publisher.published(one, like)} for one in done.variants]
    created = int(publisher.batch.submitted_at.timestamp())
    body = {"created": created, "data": data}
    return {"status_code": 200, "request_id": done.sidecar, "body": body}


def _error(outcome: ResultRow | None) -> dict[str, str | None]:
    if outcome is None:
        return {"code": "left_out", "message": "The request was left out by a pattern."}
    said = outcome.message or f"The item is {outcome.state}."
    return {"code": outcome.code or outcome.state.value, "message": said}
