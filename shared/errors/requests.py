"""What a program asked of the back office over HTTP."""

from shared.errors.inputs import InputError


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
