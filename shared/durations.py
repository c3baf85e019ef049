"""Durations as people write them: `90s`, `90m`, `6h`, `1d`, `1h30m`."""

import re

#: Seconds of each unit, the largest first.
UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}

_DURATION = re.compile("".join(rf"(?:(\d{{1,9}}){unit})?" for unit in UNITS))


def parse_duration(text: str) -> int:
    """Seconds of a duration.

    Raises:
        ValueError: It is none; the message is a clause about it.
    """
    found = _DURATION.fullmatch(text.strip().lower())
    if not found or not any(found.groups()):
        msg = f"{text!r} is no duration such as 90m, 6h, 1d or 1h30m"
        raise ValueError(msg)
    counts = zip(found.groups(default="0"), UNITS.values(), strict=True)
    return sum(int(count) * seconds for count, seconds in counts)


def written(seconds: int) -> str:
    """The shortest such text, which reads as itself: `1h30m`."""
    parts = []
    for unit, size in UNITS.items():
        count, seconds = divmod(seconds, size)
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts) or "0s"
