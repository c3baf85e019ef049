"""Labels: what a semantic segmenter can find, and which of it a prompt means; torch-free."""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.errors import LabelUnknown, ModelInvalid
from shared.segmenters import CLIPSEG, SEGMENTER_KIND
from shared.wording import shorten

ARTICLES = frozenset({"a", "an", "the"})
#: Labels proposed for a prompt that names none.
MAX_NEAR = 3
#: Of all labels so many characters are told.
TOLD = 400

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of a segmenter, in the order of its scores."""

    #: Names it in errors.
    segmenter: str
    #: As its config.json writes them; one may hold several names with commas between.
    names: tuple[str, ...]

    def select(self, prompt: str) -> tuple[int, ...]:
        """The labels that a prompt means, as their places from 0; together they are one thing.

        A label whose name the prompt is; where there is none, every label whose name holds all
        words of the prompt: "the shoes" are Left-shoe and Right-shoe. Case, a leading article,
        a plural and what stands between words do not count.

        Raises:
            LabelUnknown: None.
        """
        asked = _words(prompt)
        found = self._named(asked) or self._holding(asked)
        if not found:
            raise self._unknown(prompt)
        return found

    def read_as(self, prompt: str) -> str:
        """The labels of a prompt that is the name of none itself, in words; else nothing.

        Raises:
            LabelUnknown: As `select`.
        """
        chosen = self.select(prompt)
        if self._named(_words(prompt)):
            return ""
        return " and ".join(self.names[place] for place in chosen)

    def _named(self, asked: Words) -> tuple[int, ...]:
        named = (place for place, name in self._each_name() if asked and name == asked)
        return tuple(dict.fromkeys(named))

    def _holding(self, asked: Words) -> tuple[int, ...]:
        holding = (place for place, name in self._each_name() if asked and {*asked} <= {*name})
        return tuple(dict.fromkeys(holding))

    def _each_name(self) -> Iterator[tuple[int, Words]]:
        for place, name in enumerate(self.names):
            for part in name.split(","):
                yield place, _words(part)

    def _unknown(self, prompt: str) -> LabelUnknown:
        near = self._near(prompt)
        return LabelUnknown(
            segmenter=self.segmenter,
            prompt=prompt,
            nearest=f" (did you mean {' or '.join(near)}?)" if near else "",
            labels=shorten(", ".join(self.names), TOLD),
        )

    def _near(self, prompt: str) -> list[str]:
        """Labels that share a word with the prompt, else those that are spelt like it."""
        asked = _words(prompt)
        sharing = {
            self.names[place]: place for place, name in self._each_name() if {*asked} & {*name}
        }
        if sharing:
            return list(sharing)[:MAX_NEAR]
        spelt = {" ".join(name): self.names[place] for place, name in self._each_name()}
        found = difflib.get_close_matches(" ".join(asked), spelt, n=MAX_NEAR)
        return list(dict.fromkeys(spelt[one] for one in found))


def read_labels(directory: Path, segmenter: str) -> Labels | None:
    """The labels of a segmenter's directory, or None for one that reads any words.

    Raises:
        ModelInvalid: Its config.json cannot be read, or names no labels.
    """
    try:
        config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = f"it has no readable config.json ({error})"
        raise ModelInvalid(reference=segmenter, reason=reason, kind=SEGMENTER_KIND) from error
    return labels_of(config, segmenter)


def labels_of(config: object, segmenter: str) -> Labels | None:
    """The labels in a segmenter's config, or None for one that reads any words.

    Raises:
        ModelInvalid: It names no labels.
    """
    if isinstance(config, Mapping) and config.get("model_type") == CLIPSEG:
        return None
    names = _names(config) if isinstance(config, Mapping) else ()
    if not names:
        reason = "its config.json names no labels (id2label, from 0 on)"
        raise ModelInvalid(reference=segmenter, reason=reason, kind=SEGMENTER_KIND)
    return Labels(segmenter, names)


def _names(config: Mapping[str, Any]) -> tuple[str, ...]:
    """In the order of their numbers, which leave none out."""
    named = config.get("id2label")
    if not isinstance(named, Mapping):
        return ()
    ordered = tuple(named.get(str(number)) for number in range(len(named)))
    return tuple(str(name) for name in ordered) if None not in ordered else ()


def _words(text: str) -> Words:
    """The words that count: `The Left-shoes` → left, shoe."""
    words = re.findall(r"[^\W_]+", text.casefold())
    if len(words) > 1 and words[0] in ARTICLES:
        words = words[1:]
    return tuple(map(_stem, words))


def _stem(word: str) -> str:
    """A form that a word and its plural share: dress and dresses, scarf and scarves.

    It is compared with others and never shown, so that glove may well be glof.
    """
    one = re.sub(r"(?<=..)(?:(ss|x|ch|sh)es|([^s])s)$", r"\1\2", word)
    return re.sub(r"(?:fe|ve)$", "f", re.sub(r"ie$", "y", one))
