"""From rows to item specs: every cell checked against the style, every identity once."""

import functools
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from pydantic import ValidationError

from producer.identities import Identities
from producer.lines import is_unicode
from producer.problems import RowProblem
from producer.rows import IDENTITY, Row
from shared.allowed import EVERYWHERE, AllowedPlaces
from shared.errors import AddressInvalid, PlaceNotAllowed, StyleInvalid
from shared.jobs import ItemSpec
from shared.keys import S3Address
from shared.styles import Style
from shared.wording import first_problems, shorten

#: Distinct sets of overrides whose check is remembered.
REMEMBERED = 4_096
#: What rows name only in the record of a batch that renders items again.
RECORDED = ("frozen", "stands_for")
_RECORDED = set(RECORDED)
_NO_OVERRIDES = (*IDENTITY, *RECORDED)
#: An identity stands in tables, reports and file names of the user's; in bytes of UTF-8.
MAX_IDENTITY_BYTES = 1_024


class Probe(NamedTuple):
    """The first object of a bucket that a manifest names."""

    row: int
    column: str
    address: S3Address


class SpecChecker:
    """Checks rows one by one, in one pass, and remembers what the whole manifest names."""

    def __init__(
        self, style: Style, identities: Identities, allowed: AllowedPlaces = EVERYWHERE
    ) -> None:
        self._style = style
        self._allowed = allowed
        self._identities = identities
        self._overridden = functools.lru_cache(REMEMBERED)(self._override)
        #: Every model reference of the style and of the rows' overrides.
        self.models = {style.segmenter, style.painter}
        #: Every field of the style that some row replaces.
        self.overridden: set[str] = set()
        #: Of each bucket, the first object that a row names.
        self.probes: dict[str, Probe] = {}

    def check(self, row: Row, number: int) -> ItemSpec | list[RowProblem]:
        """The spec of a row at a position from 0, or everything that is wrong with the row."""
        problems: list[RowProblem] = []
        fields = {
            "number": number,
            "source": self._address(row, "source", problems),
            "mask": self._address(row, "mask", problems),
            "external_id": self._identity(row, problems),
            "overrides": self._overrides(row, problems),
            "etag": _etag(row, problems),
            "size": _size(row, problems),
        }
        if problems:
            return problems
        try:
            return ItemSpec.model_validate(fields)
        except ValidationError as error:
            return [RowProblem(row.number, "", first_problems(error, IDENTITY))]

    def _address(self, row: Row, column: str, problems: list[RowProblem]) -> str | None:
        text = row.cells.get(column)
        if text is None:
            if column == "source":
                problems.append(RowProblem(row.number, column, "is missing"))
            return None
        try:
            address = _object_address(text)
            self._allowed.check_read(address)
        except (AddressInvalid, PlaceNotAllowed) as error:
            problems.append(RowProblem(row.number, column, str(error).rstrip(".")))
            return None
        self.probes.setdefault(address.bucket, Probe(row.number, column, address))
        return str(address)

    def _identity(self, row: Row, problems: list[RowProblem]) -> str | None:
        given = row.cells.get("external_id", _key_of(row.cells.get("source")))
        identity = str(given) if type(given) is int else given
        if not isinstance(identity, str):
            if given is not None:
                problems.append(
                    RowProblem(row.number, "external_id", "is neither text nor a number")
                )
            return None
        problem = _identity_problem(identity) or self._doubled(identity, row.number)
        if problem:
            problems.append(RowProblem(row.number, "external_id", problem))
        return identity

    def _doubled(self, identity: str, number: int) -> str:
        first = self._identities.first_row(identity, number)
        return "" if first == number else f"{shorten(identity)} is also the id of row {first}"

    def _overrides(self, row: Row, problems: list[RowProblem]) -> dict[str, Any]:
        given = {name: value for name, value in row.cells.items() if name not in IDENTITY}
        if not given:
            return {}
        overridden = self._overridden(json.dumps(given, sort_keys=True))
        if isinstance(overridden, StyleInvalid):
            problems.extend(_style_problems(row.number, overridden))
            return {}
        return dict(overridden)

    def _override(self, given: str) -> Mapping[str, Any] | StyleInvalid:
        """Overrides (JSON) as the style reads them: `"7"` becomes 7, one prompt a list of one."""
        names = json.loads(given)
        try:
            style = self._style.with_overrides(names)
        except StyleInvalid as error:
            return error
        self.overridden |= names.keys()
        self.models |= {style.segmenter, style.painter}
        return style.model_dump(mode="json", include=set(names))


def flat_row(spec: ItemSpec) -> dict[str, Any]:
    """The row that reads as this spec; as a user could have written it, but for `RECORDED`."""
    identity = {name: getattr(spec, name) for name in IDENTITY}
    recorded = spec.model_dump(mode="json", include=_RECORDED) if _is_again(spec) else {}
    named = {name: value for name, value in (identity | recorded).items() if value is not None}
    return named | spec.overrides


def _is_again(spec: ItemSpec) -> bool:
    return any(getattr(spec, name) is not None for name in RECORDED)


def spec_of(fields: Mapping[str, Any], number: int) -> ItemSpec:
    """The spec at a position of a row that `flat_row` made."""
    overrides = {name: value for name, value in fields.items() if name not in _NO_OVERRIDES}
    identity = {name: fields[name] for name in _NO_OVERRIDES if name in fields}
    return ItemSpec(number=number, overrides=overrides, **identity)


def _object_address(text: object) -> S3Address:
    if not isinstance(text, str):
        raise AddressInvalid(address=shorten(repr(text)), kind="S3 address", reason="it is no text")
    return S3Address.parse_object(text)


def _key_of(source: object) -> str | None:
    """The key of a source that is well formed; the others are reported as sources."""
    try:
        return _object_address(source).key
    except AddressInvalid:
        return None


def _identity_problem(identity: str) -> str:
    if not identity.strip():
        return "is empty"
    if not is_unicode(identity):
        return "is no Unicode"
    if len(identity.encode(errors="replace")) > MAX_IDENTITY_BYTES:
        return f"is over {MAX_IDENTITY_BYTES} bytes"
    return "has control characters" if re.search(r"[\x00-\x1f\x7f]", identity) else ""


def _etag(row: Row, problems: list[RowProblem]) -> str | None:
    etag = row.cells.get("etag")
    if etag is None:
        return None
    if isinstance(etag, str) and etag.isascii() and etag.isprintable():
        return etag.strip('"')
    problems.append(RowProblem(row.number, "etag", "is no ETag"))
    return None


def _size(row: Row, problems: list[RowProblem]) -> int | None:
    size = row.cells.get("size")
    if size is None:
        return None
    digits = str(size) if type(size) is int else size
    if isinstance(digits, str) and re.fullmatch("[0-9]{1,18}", digits):
        return int(digits)
    problems.append(RowProblem(row.number, "size", "is no number of bytes"))
    return None


def _style_problems(number: int, error: StyleInvalid) -> list[RowProblem]:
    """A problem for each field at fault; one of the whole row where no field is."""
    fields = cast("dict[str, str]", error.facts.get("fields") or {"": error.facts["reason"]})
    return [RowProblem(number, column, message) for column, message in fields.items()]
