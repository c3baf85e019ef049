"""What the commands on models share: the registry, NAME@…, and a move that is told."""

from typing import TYPE_CHECKING

from producer.cli.batches import open_board, say
from producer.cli.terminal import print_json
from shared.errors import OptionInvalid
from shared.settings import load_settings

if TYPE_CHECKING:
    from shared.registry import Alias, Move, PinnedAlias, Registry


def open_registry() -> "Registry":
    """The registry that the settings name."""
    from shared.registry import Registry
    from shared.s3 import ObjectStore

    return Registry.from_settings(ObjectStore.connect(allowed=load_settings().allowed))


def two(text: str, second: str) -> tuple[str, str]:
    """The parts of `NAME@…`.

    Raises:
        OptionInvalid: There is no second one.
    """
    name, _, which = text.partition("@")
    if not which:
        raise OptionInvalid(option=f"NAME@{second}", reason=f"{text!r} lacks @{second}")
    return name, which


def moved(
    name: str, alias: str, seen: "PinnedAlias | None", step: "Move", registry: "Registry"
) -> "Alias":
    """Move an alias; raises as `producer.models.move`."""
    from producer.models import move

    with open_board() as board:
        return move(name, alias, seen, step, registry, board)


def tell(name: str, alias: str, seen: "PinnedAlias | None", now: "Alias", *, as_json: bool) -> None:
    """Say where an alias points now, and where it did when it was seen."""
    from producer.models.listing import SHOWN_DIGITS, alias_facts

    if as_json:
        print_json({"name": name, "alias": alias} | alias_facts(now))
        return
    was = f", was {seen.alias.digest[:SHOWN_DIGITS]}" if seen else ", new"
    say(f"{name}@{alias} is {now.digest[:SHOWN_DIGITS]} now{was}.")
    say("Batches under way keep the version that they were submitted with.")
