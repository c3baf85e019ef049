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
from shared.errors import AccessDenied, BucketMissing, ObjectMissing
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

#: Address, ETag and size in bytes of an object.
Identity: TypeAlias = tuple[str, str, int]


def identify(book: Book, store: ObjectStore) -> None:
    """Find the ETag and the size of every object that the book asks for; missing ones stay unknown.

    Raises:
        StorageError: S3 refused, or did not answer.
    """
    for wanted in _walks(map(S3Address.parse, book.unknown_objects())):
        try:
            book.found(list(_listed(wanted, store)))
        except AccessDenied:  # somebody may read objects but not list their bucket
            book.found(list(_asked(wanted, store)))
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
    for info in in_parallel(lambda address: _head(address, store), wanted, THREADS):
        if info:
            yield _told(info)


def _before(key: str) -> str:
    """A key that sorts before this one, with as few keys as possible between them."""
    head, last = key[:-1], ord(key[-1])
    # Not below the characters that a key may hold, nor into those that are none.
    return f"{head}{chr(last - 1)}~" if ord("!") < last <= ord("~") else head


def _head(address: S3Address, store: ObjectStore) -> ObjectInfo | None:
    try:
        return store.head(address)
    except (ObjectMissing, BucketMissing):
        return None


def _told(info: ObjectInfo) -> Identity:
    return str(info.address), info.etag, info.size
