"""Repeating: a request that comes again under its Idempotency-Key gets the batch that it made."""

import hashlib
from collections.abc import Callable
from typing import Annotated

from fastapi import Header

from producer.backoffice.access.caller import Caller
from producer.backoffice.office import Office
from producer.idempotence import Keyed, keyed
from producer.submission import Receipt
from shared.errors import BatchUnknown, InputError, ModelError
from shared.record import Record

#: A text that the caller makes up for each request; it is remembered for a day.
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=255)]
#: Makes a batch of this id, or of one that it makes up.
Place = Callable[[str | None], Receipt]


def once(
    key: str | None, caller: Caller, asked: Record, batch_id: str, office: Office, place: Place
) -> Receipt:
    """What became of a request, now or when it was sent first.

    Args:
        key: Without one the request is new.
        caller: Whose key it is.
        asked: All that is asked for.
        batch_id: What the batch is to be called, where there is a key.
        office: What the routes work with.
        place: Makes the batch.

    Raises:
        KeyReused: Something else was asked for under the key.
        RestyleError: As `place`; a request that is refused leaves its key free.
    """
    if key is None:
        return place(None)
    name = f"{type(asked).__name__} {asked.model_dump_json()}"
    digest = hashlib.sha256(name.encode()).hexdigest()
    known = keyed(key, caller.name, digest, batch_id, office.board)
    return _repeated(known, office) or _placed(known, office, place)


def _repeated(known: Keyed, office: Office) -> Receipt | None:
    """The receipt of a batch that is whole; what it was made of may be another by now."""
    if known.is_first:
        return None
    try:
        status = office.reader.status(known.batch_id)
    except BatchUnknown:
        return None
    return Receipt(status, repeated=True) if status.sealed else None


def _placed(known: Keyed, office: Office, place: Place) -> Receipt:
    try:
        return place(known.batch_id)
    except (InputError, ModelError):
        if known.is_first:
            known.forget(office.board)
        raise
