"""Tokens: how much of a prompt a model reads; torch-free, and equal to transformers' CLIPTokenizer.

A CLIP text tower reads a fixed number of tokens. What lies beyond them is cut off in silence by
every library, so it is told here. Not covered: textual inversions beside `vocab.json`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from shared.styles import Style
from shared.wording import shorten

#: What CLIP reads where no file says it: tokens, with the two that begin and end a text.
CLIP_TOKENS = 77
#: The special words of CLIP where no file names others.
SPECIAL_WORDS = {
    "bos_token": "<|startoftext|>",
    "eos_token": "<|endoftext|>",
    "unk_token": "<|endoftext|>",
    "pad_token": "<|endoftext|>",
}
#: CLIP's idea of a word: English endings, letters, one digit, anything else but spaces.
WORD = (
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
)
#: Of what is cut off this many characters are told.
TOLD = 200


class CutPrompt(NamedTuple):
    """A prompt that its model does not read to the end."""

    #: `segmenter` or `painter`, and how many tokens it reads.
    reader: str
    limit: int
    #: Which prompt: `mask prompt`, `prompt`, …
    what: str
    #: What is not read.
    rest: str

    @property
    def clause(self) -> str:
        """What happens to the prompt, the same for all prompts of its kind."""
        return f"the {self.reader} reads {self.limit} tokens of the {self.what}"

    @property
    def words(self) -> str:
        """What is cut off, as far as it is told."""
        return f'; cut: "{shorten(self.rest, TOLD)}"'


def prompt_notes(style: Style, segmenter: Path | None, painter: Path | None) -> tuple[str, ...]:
    """What `cut_prompts` finds, as clauses."""
    return tuple(cut.clause + cut.words for cut in cut_prompts(style, segmenter, painter))


def cut_prompts(style: Style, segmenter: Path | None, painter: Path | None) -> list[CutPrompt]:
    """What the models do not read of a style's prompts; none for a broken tokenizer.

    Args:
        style: Whose prompts.
        segmenter: The segmenter's directory; None where it is not at hand or not used.
        painter: The painter's, likewise.
    """
    found = [("mask prompt", prompt) for prompt in style.mask_prompt]
    found += [("protect prompt", prompt) for prompt in style.protect_prompts]
    painted = [("prompt", style.prompt)]
    if style.guidance_scale > 1:
        painted.append(("negative prompt", style.negative_prompt))
    return [*_of("segmenter", segmenter, found), *_of("painter", painter, painted)]


def _of(reader: str, directory: Path | None, prompts: list[tuple[str, str]]) -> Iterator[CutPrompt]:
    for what, prompt in prompts:
        limit, rest = _cut(directory, prompt) if directory else (0, "")
        if rest:
            yield CutPrompt(reader, limit, what, rest)


@lru_cache(1_024)
def _cut(directory: Path, prompt: str) -> tuple[int, str]:
    try:
        reader = prompt_reader(directory)
        return reader.limit, reader.cut(prompt)
    except Exception:  # noqa: BLE001 - the Rust library raises bare Exceptions; a note is no reason to fail
        return 0, ""


@dataclass(frozen=True, slots=True)
class PromptReader:
    """A model's tokenizer and the number of tokens that it reads."""

    tokenizer: Tokenizer
    #: With the two that begin and end a text.
    limit: int

    def ids(self, prompt: str) -> list[int]:
        """The tokens of the whole prompt, whatever the limit."""
        ids: list[int] = self.tokenizer.encode(prompt).ids
        return ids

    def cut(self, prompt: str) -> str:
        """The end of the prompt that is not read; empty where all of it is."""
        encoded = self.tokenizer.encode(prompt)
        if len(encoded.ids) <= self.limit:
            return ""
        # The last place within the limit goes to the token that ends a text.
        start, _ = encoded.offsets[self.limit - 1]
        return prompt[start:].strip()


@lru_cache(8)
def prompt_reader(directory: Path) -> PromptReader:
    """The reader of a model's directory: a segmenter's, or a painter's with its `tokenizer/`.

    Raises:
        Exception: A file is missing or broken; the Rust library raises no narrower one.
    """
    folder = directory / "tokenizer"
    folder = folder if folder.is_dir() else directory
    config = _json(folder / "tokenizer_config.json")
    limit = min(int(config.get("model_max_length", CLIP_TOKENS)), _positions(directory))
    words = {name: _word(config.get(name)) or word for name, word in SPECIAL_WORDS.items()}
    return PromptReader(_tokenizer(folder, words), limit)


def _positions(directory: Path) -> int:
    """How many tokens the text tower has places for."""
    encoder = directory / "text_encoder" / "config.json"
    config = _json(encoder) if encoder.is_file() else _json(directory / "config.json")
    fields = config.get("text_config", config)
    return int(fields.get("max_position_embeddings", CLIP_TOKENS))


def _word(value: Any) -> str | None:
    return value.get("content") if isinstance(value, dict) else value


def _json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _tokenizer(folder: Path, words: dict[str, str]) -> Tokenizer:
    """From the one file of newer layouts, else from vocabulary and merges."""
    whole = folder / "tokenizer.json"
    tokenizer = Tokenizer.from_file(str(whole)) if whole.is_file() else _built(folder, words)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    special = [AddedToken(word, normalized=False, special=True) for word in words.values()]
    tokenizer.add_special_tokens(special)
    return tokenizer


def _built(folder: Path, words: dict[str, str]) -> Tokenizer:
    vocabulary, merges = str(folder / "vocab.json"), str(folder / "merges.txt")
    model = models.BPE.from_file(
        vocabulary, merges, end_of_word_suffix="</w>", unk_token=words["unk_token"]
    )
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORD), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    sep, cls = _numbered(tokenizer, words["eos_token"]), _numbered(tokenizer, words["bos_token"])
    tokenizer.post_processor = processors.RobertaProcessing(
        sep, cls, trim_offsets=False, add_prefix_space=False
    )
    return tokenizer


def _numbered(tokenizer: Tokenizer, word: str) -> tuple[str, int]:
    number = tokenizer.token_to_id(word)
    if number is None:
        msg = f"{word} is not in its vocabulary"
        raise ValueError(msg)
    return word, number
