"""The back office: who asks, what they may do, and what it needs to be served safely."""

from shared.errors.inputs import InputError


class TokenExists(InputError):
    """The name belongs to another token."""

    code = "token_exists"
    sentence = "There is a token {token} already."
    hint = "Choose another name: the audit log tells people by it."


class TokenUnknown(InputError):
    """No token of that id."""

    code = "token_unknown"
    sentence = "There is no token of the id {token}."
    hint = "Run `restyle token list` to list them."
