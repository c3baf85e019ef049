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
