# mypy: disable-error-code="no-untyped-call,attr-defined,operator,no-any-return"
# diffusers and transformers publish their classes untyped; shapes are what matters here.
"""A CLIP tokenizer whose known words are one token each; unknown ones fall to letters."""

import json
from collections.abc import Iterable
from pathlib import Path

from transformers import CLIPTokenizer

from infra.demo.train.words import vocabulary

START, END = "<|startoftext|>", "<|endoftext|>"


def byte_letters() -> list[str]:
    """GPT-2's printable stand-ins for the 256 bytes, in CLIP's order."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return [chr(byte) for byte in shown] + [chr(256 + i) for i in range(len(hidden))]


def merges_for(words: Iterable[str]) -> list[tuple[str, str]]:
    """Merges, in order, that make each word a single token."""
    merges: list[tuple[str, str]] = []
    for word in words:
        parts = _apply([*word[:-1], word[-1] + "</w>"], merges)
        while len(parts) > 1:
            merges.append((parts[0], parts[1]))
            parts = _apply(parts, merges[-1:])
    return merges


def _apply(parts: list[str], merges: Iterable[tuple[str, str]]) -> list[str]:
    for left, right in merges:
        i = 0
        while i < len(parts) - 1:
            if (parts[i], parts[i + 1]) == (left, right):
                parts = [*parts[:i], left + right, *parts[i + 2 :]]
            i += 1
    return parts


def write_tokenizer(folder: Path, longest: int = 77) -> CLIPTokenizer:
    """Writes the tokenizer's files and loads them back."""
    folder.mkdir(parents=True, exist_ok=True)
    letters, merges = byte_letters(), merges_for(vocabulary())
    tokens = [
        *letters,
        *(letter + "</w>" for letter in letters),
        *(a + b for a, b in merges),
        START,
        END,
    ]
    codes = {token: code for code, token in enumerate(dict.fromkeys(tokens))}
    (folder / "vocab.json").write_text(json.dumps(codes, ensure_ascii=False))
    lines = ["#version: 0.2", *(f"{a} {b}" for a, b in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n")
    settings = {"tokenizer_class": "CLIPTokenizer", "model_max_length": longest, "bos_token": START}
    settings |= {"eos_token": END, "pad_token": END, "unk_token": END, "do_lower_case": True}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2))
    return CLIPTokenizer.from_pretrained(folder)
