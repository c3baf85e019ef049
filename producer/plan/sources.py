"""Sources: the identities of many objects by listing, a thousand an answer, not one by one.

The wanted keys are walked in S3's own order. Where they are dense, each answer of S3 tells of a
thousand; where they are far apart, the next answer begins right before the next wanted key. So
there are never more requests than keys, and a thousandth of that in a folder that is wanted whole.
"""

import itertools
from collections.abc import Iterable, Iterator
from os.path import commonpath
from typing import TypeAlias

from producer.parallel import in_parallel
from producer.plan.book import Book
from shared.errors import AccessDenied, BucketMissing, ObjectMissing, PlaceNotAllowed
from shared.keys import S3Address
from shared.s3 import ObjectInfo, ObjectStore

#: A folder with so many wanted keys is listed by itself; the others of a bucket together.
MANY = 500
#: Keys that are looked for in one walk at most.
WALK = 20_000
#: Objects that a listing did not tell of are asked for one by one, up to so many: a listing that
#: is not in the order of S3 must not make an orphan of anything.
ASKED = 1_000
#: Threads that ask for these.
THREADS = 16

#: The ETag of an object of which nobody may know: none that any object has.
NOT_TOLD = ""
#: Address, ETag and size in bytes of an object.
Identity: TypeAlias = tuple[str, str, int]


def identify(book: Book, store: ObjectStore) -> None:
    """Find the ETag and the size of every object that the book asks for; missing ones stay unknown.

    Raises:
        StorageError: S3 refused, or did not answer.
    """
    for wanted in _walks(map(S3Address.parse, book.unknown_objects())):
        book.found(_found(wanted, store))
    unknown = itertools.islice(book.unknown_objects(), ASKED)
    book.found(list(_asked(map(S3Address.parse, list(unknown)), store)))


def _walks(wanted: Iterable[S3Address]) -> Iterator[list[S3Address]]:
    """The addresses in runs that one walk is good for: of a large folder, or of small ones."""
    run: list[S3Address] = []
    for _, group in itertools.groupby(wanted, key=lambda address: address.folder):
        members = list(group)
        large = len(members) >= MANY
        if run and (large or run[0].bucket != members[0].bucket or len(run) >= WALK):
            yield run
            run = []
        if large:
            yield members
        else:
            run += members
    if run:
        yield run


def _found(wanted: list[S3Address], store: ObjectStore) -> list[Identity]:
    """What listing tells of them, or asking where that is not allowed."""
    try:
        return list(_listed(wanted, store))
    except (AccessDenied, PlaceNotAllowed):
        folders = itertools.groupby(wanted, key=lambda address: address.folder)
        parts = [list(members) for _, members in folders]
        if len(parts) == 1:
            return list(_asked(wanted, store))
    # What they have in common may be closed, and each of them open.
    return [found for part in parts for found in _found(part, store)]


def _listed(wanted: list[S3Address], store: ObjectStore) -> Iterator[Identity]:
    """Walk the wanted addresses, which are of one bucket and in order."""
    keys = [address.key for address in wanted]
    common = commonpath([wanted[0].folder.key, wanted[-1].folder.key])
    prefix = S3Address(wanted[0].bucket, f"{common}/" if common else "")
    place, told_to = 0, ""
    while place < len(keys):
        told_to = max(told_to, _before(keys[place]))
        told = {info.address.key: info for info in _page(prefix, told_to, store)}
        last = max(told, default="")
        if last <= told_to:
            return  # there is nothing behind it
        told_to = last
        while place < len(keys) and keys[place] <= last:
            if info := told.get(keys[place]):
                yield _told(info)
            place += 1


def _page(prefix: S3Address, after: str, store: ObjectStore) -> list[ObjectInfo]:
    try:
        return store.page(prefix, after=after)
    except BucketMissing:
        return []  # each of its items tells so by itself


def _asked(wanted: Iterable[S3Address], store: ObjectStore) -> Iterator[Identity]:
    """Ask for the addresses one by one."""
    for found in in_parallel(lambda address: _head(address, store), wanted, THREADS):
        if found:
            yield found


def _before(key: str) -> str:
    """A key that sorts before this one, with as few keys as possible between them."""
    head, last = key[:-1], ord(key[-1])
    # Not below the characters that a key may hold, nor into those that are none.
    return f"{head}{chr(last - 1)}~" if ord("!") < last <= ord("~") else head


def _head(address: S3Address, store: ObjectStore) -> Identity | None:
    try:
        return _told(store.head(address))
    except (ObjectMissing, BucketMissing):
        return None
    except (AccessDenied, PlaceNotAllowed):
        # Who may not list is told this of a missing object, too: its item says it by itself.
        return str(address), NOT_TOLD, 0


def _told(info: ObjectInfo) -> Identity:
    return str(info.address), info.etag, info.size
