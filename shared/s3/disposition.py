"""Content-Disposition: whether a browser shows an object, and the name it is saved under."""

import re
import unicodedata
from urllib.parse import quote

#: Pictures that Restyle encoded itself: they hold no script, and a review page shows them from
#: signed links, so browsers may. All else is saved, whatever somebody made it look like.
SHOWN = frozenset({"image/jpeg", "image/png", "image/webp", "image/avif"})

#: Bytes of UTF-8 that every file system takes as a name, with room for ` (1)` and the like.
MAX_SAVED_BYTES = 200
#: Of a name that is cut, its end stays: fingerprint, variant and extension stand there.
END_BYTES = 60

#: What a name may hold beside letters, marks and digits of any script; the rest (separators,
#: quotes, wildcards, variables, invisible characters) means something to some system.
SAFE = frozenset(" .,()+=@_-")
#: Names of devices to Windows, whatever their extension.
DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)", re.IGNORECASE | re.ASCII)


def content_disposition(key: str, content_type: str) -> str:
    """The header's value for an object (RFC 6266): ASCII, whatever the key is.

    Its name is the key's last part with `_` for what is not safe in a file's name; where that is
    not plain ASCII, `filename*` (RFC 5987) has it and `filename` a stand-in.
    """
    kind = "inline" if content_type in SHOWN else "attachment"
    name = _safe(key.rstrip("/").rpartition("/")[2])
    plain = re.sub("[^\x20-\x7e]", "_", name)
    starred = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'{kind}; filename="{plain}"{starred}'


def _safe(name: str) -> str:
    """A name that can be saved anywhere, hides nothing and climbs nowhere."""
    composed = unicodedata.normalize("NFC", name)
    shown = "".join(char if char in SAFE or _is_word(char) else "_" for char in composed)
    # Neither a hidden file nor one whose end Windows cuts off.
    tidy = _cut(shown.strip(" .")).strip(" .")
    return f"_{tidy}" if not tidy or DEVICES.match(tidy) else tidy


def _is_word(char: str) -> bool:
    return unicodedata.category(char)[0] in "LMN"


def _cut(name: str) -> str:
    content = name.encode()
    if len(content) <= MAX_SAVED_BYTES:
        return name
    parts = content[: MAX_SAVED_BYTES - END_BYTES], content[-END_BYTES:]
    return "".join(part.decode(errors="ignore") for part in parts)
