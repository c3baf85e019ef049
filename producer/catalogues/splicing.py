"""Splicing: JSON objects with other values, their text kept as far as it can be."""

import json
import re
from collections.abc import Mapping
from typing import Any

from producer.catalogues.entry import Picture
from producer.catalogues.publisher import Publisher
from producer.result_row import ResultRow


def source_answer(
    line: str, picture: Picture, outcome: ResultRow | None, publisher: Publisher
) -> str:
    """A row of ours with its result's address as its source."""
    new = publisher.address(outcome, str(picture.row.cells["source"]))
    if new is None:
        return line
    written = json.dumps(new, ensure_ascii=False)
    spliced = re.sub(r'("source"\s*:\s*)"(?:[^"\\]|\\.)*"', lambda found: found[1] + written, line)
    return _checked(spliced, line, json.loads(line) | {"source": new})


def with_members(line: str, members: Mapping[str, Any], fields: Mapping[str, Any]) -> str:
    """The line of an object with further members behind its own; old ones of their names go."""
    closing = line.rindex("}")
    added = json.dumps(members, ensure_ascii=False)[1:-1]
    spliced = f"{line[:closing].rstrip()}, {added}{line[closing:]}"
    return _checked(spliced, line, {**fields, **members})


def _checked(spliced: str, line: str, wanted: Mapping[str, Any]) -> str:
    """The spliced line if it says what is wanted and nothing twice, else the object anew."""
    pairs = json.loads(spliced, object_pairs_hook=list)
    if len(pairs) == len(wanted) and json.loads(spliced) == wanted:
        return spliced
    end = line[len(line.rstrip("\r\n")) :]
    return json.dumps(wanted, ensure_ascii=False) + end
