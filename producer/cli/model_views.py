"""How models of the registry are shown: as a table, and one by one."""

import json
from collections.abc import Sequence
from datetime import datetime

from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from producer.cli.batches import PIPE_WIDTH, say
from producer.cli.terminal import out
from producer.models.listing import SHOWN_DIGITS, Model
from shared.plain_text import printable
from shared.registry import Alias, Version

#: Moves of an alias that are shown.
SHOWN_MOVES = 10


def show_list(models: Sequence[Model]) -> None:
    """A line per model."""
    if not models:
        say("The registry has no model. Next: restyle models push DIRECTORY --name NAME")
        return
    table = _table("Model", "Versions", "Newest", "Aliases")
    for model in models:
        newest = _minute(model.versions[0].created) if model.versions else ""
        pairs = (f"{name} {one.digest[:SHOWN_DIGITS]}" for name, one in model.aliases.items())
        texts = (model.name, str(len(model.versions)), newest, ", ".join(pairs))
        _add(table, *texts)
    _print(table)


def show_model(model: Model) -> None:
    """A model's versions, the newest first, and the moves of its aliases."""
    table = _table("Version", "Pushed", "By", "Size", "Made from", "Aliases")
    for one in model.versions:
        aliases = ", ".join(model.aliases_of(one.digest))
        base = one.base or (one.parent or "")[:SHOWN_DIGITS]
        digits, size = one.digest[:SHOWN_DIGITS], decimal(one.size)
        texts = (digits, _minute(one.created), one.by, size, base, aliases)
        _add(table, *texts)
    _print(table)
    for name, alias in model.aliases.items():
        _show_alias(f"{model.name}@{name}", alias)


def show_version(version: Version, model: Model) -> None:
    """A version whole, with its card."""
    aliases = ", ".join(model.aliases_of(version.digest)) or "none"
    say(f"{version.name}@sha256:{version.digest}")
    say(f"  pushed     {_minute(version.created)} by {version.by}, {decimal(version.size)}")
    say(f"  aliases    {aliases}")
    say(f"  made from  {version.base or ('a directory' if version.parent else 'not told')}")
    if version.parent:
        say(f"  parent     {version.parent}")
    for name, value in version.metrics.items():
        say(f"  metric     {name}: {value}")
    if version.card:
        say(json.dumps(version.card, indent=2, ensure_ascii=False))


def _show_alias(name: str, alias: Alias) -> None:
    say(f"{name} is {alias.digest[:SHOWN_DIGITS]}")
    for move in list(reversed(alias.moves))[:SHOWN_MOVES]:
        facts = ", ".join(filter(None, (move.kind, move.note, move.golden or "")))
        digits = move.digest[:SHOWN_DIGITS]
        say(f"  {_minute(move.moved_at)}  {digits}  by {move.by}: {facts}")


def _table(first: str, *others: str) -> Table:
    table = Table(first, box=None, header_style="bold", pad_edge=False)
    for title in others:
        table.add_column(title, overflow="fold")
    return table


def _add(table: Table, *texts: str) -> None:
    """A row; names and references may be a stranger's."""
    table.add_row(*(Text(printable(text)) for text in texts))


def _print(table: Table) -> None:
    console = out()
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    console.print(table)


def _minute(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M}"
