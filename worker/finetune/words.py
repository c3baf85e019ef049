"""Words: which of a prompt is the token; case and punctuation aside, as CLIP reads them.

Torch-free.
"""

import re

_WORD = re.compile(r"\w+")


def holds(text: str, token: str) -> bool:
    """Whether a text has the words of the token, one after the other."""
    return bool(_places(_words(text), _words(token)))


def without(text: str, token: str) -> str:
    """The words of a text but for those of the token."""
    words, wanted = _words(text), _words(token)
    gone = {first + step for first in _places(words, wanted) for step in range(len(wanted))}
    return " ".join(word for place, word in enumerate(words) if place not in gone)


def rare_words(prompt: str, class_prompt: str) -> list[str]:
    """Words of a prompt that the class's lacks, each once."""
    common = set(_words(class_prompt))
    return [word for word in dict.fromkeys(_words(prompt)) if word not in common]


def token_problem(token: str | None, prompt: str, class_prompt: str | None) -> str:
    """Why nothing can be tied to the token, or nothing.

    Args:
        token: As given; None where it is what the class's prompt lacks.
        prompt: Of the pictures.
        class_prompt: Of their class; None for no such words.
    """
    guessed = rare_words(prompt, class_prompt or prompt)
    if token is None and len(guessed) > 1:
        named = ", ".join(guessed)
        return f"--class_prompt lacks several words of --instance_prompt ({named}): give --token"
    found = token or " ".join(guessed)
    if not holds(prompt, found):
        return "--instance_prompt holds no token: a --token, or a word that --class_prompt lacks"
    if class_prompt and holds(class_prompt, found):
        return f"--class_prompt holds the token {found!r}, which is for your pictures alone"
    return ""


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _places(words: list[str], wanted: list[str]) -> list[int]:
    """Where a run of words begins."""
    if not wanted:
        return []
    return [place for place in range(len(words)) if words[place : place + len(wanted)] == wanted]
