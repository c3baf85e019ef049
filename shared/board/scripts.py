"""The board's Lua scripts: read from `lua/`, with states and keys rendered in front."""

from collections.abc import Mapping
from importlib.resources import files

from shared.keys import BoardKeys
from shared.states import FINAL, MOVES, ItemState

#: How many parts, after the prefix, each kind of key is built from.
_KEY_PARTS: Mapping[str, int] = {
    "batches": 0,
    "batch": 1,
    "specs": 1,
    "outcomes": 1,
    "item": 2,
    "in_state": 2,
    "waiting": 1,
    "lane": 1,
    "turns": 0,
    "published": 1,
    "claims": 0,
    "delayed": 0,
    "owned": 1,
    "ending": 0,
    "turn": 1,
    "unended": 0,
    "ended": 0,
    "retiring": 0,
    "retired": 0,
    "archive": 0,
    "windows": 0,
    "cancelling": 0,
    "workers": 0,
    "seen": 0,
    "swept": 0,
    "dead": 0,
    "deliveries": 0,
    "delivery": 1,
    "delivery_tries": 1,
    "due_deliveries": 0,
    "settled_deliveries": 0,
    "schedules": 0,
    "schedule": 1,
    "runs": 1,
    "run": 2,
    "open_runs": 0,
    "asked": 1,
    "changes": 1,
    "frozen": 1,
    "decisions": 1,
    "children": 1,
    "publishing": 0,
    "unpublishing": 0,
    "settled": 0,
    "token_names": 0,
    "token": 1,
    "session": 1,
    "sessions": 1,
    "failures": 1,
    "failing": 0,
    "audit": 0,
}
#: Files of functions that every script begins with, in this order.
_LIBRARIES = ("prelude", "runs", "rows")


def load_scripts() -> dict[str, str]:
    """Every script's whole text by its name, which is its file's stem."""
    folder = files("shared.board").joinpath("lua")
    texts = {
        entry.name.removesuffix(".lua"): entry.read_text(encoding="utf-8")
        for entry in folder.iterdir()
        if entry.name.endswith(".lua")
    }
    front = _tables() + "\n".join(texts.pop(name) for name in _LIBRARIES)
    return {name: front + text for name, text in texts.items()}


def _tables() -> str:
    """The legal moves, the final states and the keys, as Lua tables."""
    moves = {str(old): _lua_set(new) for old, new in MOVES.items()}
    keys = {name: f"'{_template(name)}'" for name in _KEY_PARTS}
    return "".join(
        f"local {name} = {value}\n"
        for name, value in (
            ("MOVES", _lua_table(moves)),
            ("FINAL", _lua_set(FINAL)),
            ("KEY", _lua_table(keys)),
        )
    )


def _template(name: str) -> str:
    """A key of this kind with `%s` for the prefix and for each part."""
    built = getattr(BoardKeys("%s"), name)
    return str(built(*["%s"] * _KEY_PARTS[name]) if callable(built) else built)


def _lua_set(states: frozenset[ItemState]) -> str:
    return _lua_table({str(state): "true" for state in sorted(states)})


def _lua_table(fields: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"['{name}'] = {value}" for name, value in fields.items()) + "}"
