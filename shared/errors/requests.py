"""What a program asked of the back office over HTTP."""

from shared.errors.inputs import BatchUnknown, InputError


class RequestInvalid(InputError):
    """A request over HTTP has a wrong field, or a body that is no JSON."""

    code = "request_invalid"
    sentence = "The request cannot be used: {reason}."
    hint = "Correct the named fields; /api/v1/openapi.json describes every one."


class PathUnknown(InputError):
    """Nothing is served at a path."""

    code = "path_unknown"
    sentence = "Nothing is served at {path}."
    hint = "/api/v1/openapi.json lists every path."


class MethodRefused(InputError):
    """A path is there, and is not served by the method that was used."""

    code = "method_refused"
    sentence = "{path} does not take {method}."
    hint = "The header Allow names what it takes."


class FileUnknown(InputError):
    """An item has no such picture, or has none yet."""

    code = "file_unknown"
    sentence = "The item #{item} of the batch {batch} has no {file}."
    hint = "Ask for the item: `files` names every picture that it has."


class RowsTooMany(InputError):
    """A request holds more rows than a body may."""

    code = "rows_too_many"
    sentence = "The request holds {rows:,} rows, and a request holds {limit:,} at most."
    hint = "Put the rows into S3 as a .jsonl or .csv file, and give its address as `manifest`."


class KeyReused(InputError):
    """An Idempotency-Key came back with another request."""

    code = "key_reused"
    sentence = "The Idempotency-Key {key!r} belongs to another request of this day."
    hint = "Use a new key for each request, and the same one to repeat it."


class NotBase64(InputError):
    """What should hold a picture by its bytes is no base64."""

    code = "not_base64"
    sentence = "{field} is no base64: {reason}."
    hint = "Encode the picture's file: `base64 -w0 photo.jpg`."


class RenderingUnknown(BatchUnknown):
    """No rendering of that id is on the board."""

    code = "rendering_unknown"
    sentence = "There is no rendering {rendering}, or it was long ago."
    hint = "POST /api/v1/renderings makes one; its pictures stay under the output's _renderings/."


class RenderingsBusy(InputError):
    """As many requests as may wait for a rendering are waiting."""

    code = "renderings_busy"
    retryable = True
    sentence = "Too many requests wait for renderings."
    hint = "Ask again in a moment; many pictures are a batch: POST /api/v1/batches."


class RenderingUnfinished(InputError):
    """A rendering took longer than a client that cannot come back may wait; it is cancelled."""

    code = "rendering_unfinished"
    retryable = True
    sentence = "The rendering did not end within {seconds:g} s, and is cancelled."
    hint = "Start a `restyle-worker` if none runs; POST /api/v1/renderings can be asked later."
