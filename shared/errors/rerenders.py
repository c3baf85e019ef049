"""Rendering items again."""

from shared.errors.inputs import InputError


class RerenderInvalid(InputError):
    """Items were asked for again in a way that cannot be."""

    code = "rerender_invalid"
    sentence = "The items of the batch {batch} cannot be rendered again like this: {reason}."
    hint = "`restyle items {batch}` tells what each item has; `restyle rerender --help`, the ways."
