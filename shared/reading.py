"""Reading: how a person wants a manifest read: which columns, which addresses, which pictures."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Literal, Self, TypeAlias
from urllib.parse import quote, unquote_to_bytes

from pydantic import Field

from shared.errors import AddressInvalid, MappingInvalid
from shared.keys import S3Address
from shared.record import Record
from shared.wording import shorten

#: What a column may be mapped to: the item's name, or its pictures.
Target: TypeAlias = Literal["sku", "image"]

_URL = re.compile(r"(?i)(https?://[^/?#]*)([^?#]*)")
#: Several assignments may stand in one argument; a column's name may hold spaces.
_ASSIGNMENTS = re.compile(r"\s+(?=(?:sku|image)=)")
#: What stays as it is in a URL's path, beside letters, digits and `_.-~`; commas and semicolons
#: part addresses in catalogues.
_PATH_SAFE = "/!$&'()*=:@"


class Rewrite(Record):
    """What the public address of a file begins with, and where in S3 the file lies."""

    #: https://host/folder/, or the beginning of a path; empty for every path.
    public: str
    #: s3://bucket/prefix/
    target: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `https://cdn.example/=s3://bucket/`.

        Raises:
            AddressInvalid: Another form.
        """
        public, sign, target = text.rpartition("=s3://")
        problem = "" if sign else "it should read https://host/folder/=s3://bucket/folder/"
        if problem := problem or _public_problem(public):
            raise AddressInvalid(address=repr(text), kind="rewrite", reason=problem)
        closed = public if not public or public.endswith("/") else f"{public}/"
        return cls(public=closed, target=str(S3Address.parse_prefix(f"s3://{target}")))

    @property
    def is_url(self) -> bool:
        """Whether it is about URLs, not about paths."""
        return _URL.match(self.public) is not None

    def locate(self, name: str) -> str | None:
        """The S3 address of a plain name; None where it is not under the public prefix."""
        public = _plain(self.public)
        return self.target + name[len(public) :] if name.startswith(public) else None

    def publish(self, address: str) -> str | None:
        """The public address of an S3 address; None where it is not under the target."""
        if not address.startswith(self.target):
            return None
        rest = address[len(self.target) :]
        return self.public + (quote(rest, safe=_PATH_SAFE) if self.is_url else rest)


class Reading(Record):
    """How a manifest is read; the defaults read it as it stands."""

    #: Columns of a CSV instead of those that its header lets guess.
    columns: dict[Target, tuple[str, ...]] = Field(default_factory=dict)
    #: Where public addresses lie in S3; the longest prefix wins.
    rewrites: tuple[Rewrite, ...] = ()
    #: Globs on the source's key, of which one must match; `*` crosses slashes.
    include: tuple[str, ...] = ()
    #: Globs on the source's key, of which none may match.
    exclude: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        *,
        columns: Iterable[str] = (),
        rewrites: Iterable[str] = (),
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
    ) -> Self:
        """Read what a person wrote.

        Args:
            columns: `sku=COLUMN`, `image=COLUMN,COLUMN`, one or several in a text.
            rewrites: `https://cdn.example/=s3://bucket/`.
            include: Globs.
            exclude: Globs.

        Raises:
            MappingInvalid: An assignment of columns of another form.
            AddressInvalid: A rewrite of another form.
        """
        return cls(
            columns=_columns(columns),
            rewrites=tuple(map(Rewrite.parse, rewrites)),
            include=tuple(include),
            exclude=tuple(exclude),
        )

    def locate(self, text: str) -> str:
        """The S3 address that a public address stands for; an S3 address stands for itself.

        What is neither URL nor path is given back, for whoever checks addresses.

        Raises:
            ValueError: No rewrite covers it, in words that name the option.
        """
        if text.startswith("s3://") or _is_foreign(text):
            return text
        is_url, name = _URL.match(text) is not None, _plain(text)
        fitting = [one for one in self.rewrites if one.is_url == is_url and not _is_data(text)]
        for rewrite in sorted(fitting, key=lambda one: -len(_plain(one.public))):
            if found := rewrite.locate(name):
                return found
        raise ValueError(_uncovered(text))

    def publish(self, address: str, like: str) -> str | None:
        """The public address of an S3 address, of the kind of another one: URL, path or s3://.

        None where no rewrite leads there. Of two rewrites the longer target wins.
        """
        if like.startswith("s3://"):
            return address
        is_url = _URL.match(like) is not None
        fitting = [one for one in self.rewrites if one.is_url == is_url]
        ordered = sorted(fitting, key=lambda one: -len(one.target))
        return next((found for one in ordered if (found := one.publish(address))), None)

    def omission(self, key: str) -> str:
        """Why the picture of a key is left out; empty where it is not."""
        if self.include and not any(fnmatchcase(key, glob) for glob in self.include):
            return "not included"
        return "excluded" if any(fnmatchcase(key, glob) for glob in self.exclude) else ""


#: The reading of whoever wishes nothing.
AS_IT_STANDS = Reading()


def origin_of(text: str) -> str:
    """`https://host` of a URL, short and printable, without a password; of all else, nothing."""
    parts = _URL.match(text)
    origin = shorten(re.sub("//.*@", "//", parts[1])) if parts else ""
    return origin if origin.isprintable() else ascii(origin)[1:-1]


def _columns(texts: Iterable[str]) -> dict[Target, tuple[str, ...]]:
    columns: dict[Target, tuple[str, ...]] = {}
    for text in texts:
        for assignment in _ASSIGNMENTS.split(text.strip()):
            target, _, names = assignment.partition("=")
            listed = tuple(name.strip() for name in names.split(",") if name.strip())
            if target not in ("sku", "image") or not listed:
                reason = "it should read sku=COLUMN or image=COLUMN[,COLUMN]"
                raise MappingInvalid(given=repr(assignment), reason=reason)
            columns["sku" if target == "sku" else "image"] = listed
    return columns


def _public_problem(public: str) -> str:
    if "?" in public or "#" in public:
        return "a query is dropped before the address is looked up"
    if "://" in public and not _URL.match(public):
        return "a public address starts with https:// or http://"
    return ""


def _plain(text: str) -> str:
    """A URL without its query and its escapes, its host in small letters; a path as it is."""
    if not (parts := _URL.match(text)):
        return text
    # Bytes that are no UTF-8 stay lone surrogates, which no S3 address may have.
    path = unquote_to_bytes(parts[2]).decode(errors="surrogateescape")
    return parts[1].lower() + path


def _is_foreign(text: str) -> bool:
    return "://" in text and not _URL.match(text)


def _is_data(text: str) -> bool:
    return text[:5].lower() == "data:"


def _uncovered(text: str) -> str:
    if _is_data(text):
        return "holds the picture itself; put it into S3 and give its address"
    if origin := origin_of(text):
        return (
            f"{origin!r} is not in S3, and nothing is fetched from elsewhere; where its files lie "
            f"in S3 is said by --rewrite {origin}/=s3://BUCKET/"
        )
    return "is a path and no s3:// address; where it begins is said by --rewrite =s3://BUCKET/"
