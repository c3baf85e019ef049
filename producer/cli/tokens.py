"""`restyle token`: who may use the back office."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from producer.cli.batches import PIPE_WIDTH, open_board, say
from producer.cli.terminal import JsonFlag, out, print_json, speaks
from shared.roles import Role

if TYPE_CHECKING:
    from shared.board import AccessToken

token_app = typer.Typer(no_args_is_help=True, help="Say who may use the back office.")


def register(app: typer.Typer) -> None:
    """Add the commands to the `restyle` command."""
    app.add_typer(token_app, name="token")


@token_app.command("add")
@speaks
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose it is, in the audit log.")],
    *,
    role: Annotated[
        Role,
        typer.Option(
            help="viewer reads; operator also decides, submits and steers; admin also tokens."
        ),
    ],
    expires: Annotated[
        str | None, typer.Option(help="For so long: 12h, 90d; by default until it is revoked.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Make a token; it is printed this once, and only its digest is kept.

    Example: restyle token add night-shift --role operator --expires 90d
    """
    from producer.backoffice.access.tokens import make_token

    with open_board() as board:
        made = make_token(board, name, role, expires)
    if json:
        print_json(_facts(made.token) | {"token": str(made.credential)})
        return
    say(str(made.credential))
    say(f"It is {_whose(made.token)}, and is not shown again.")
    say("A person signs in on the page with it; a program sends it with every request:")
    say("  curl -H 'Authorization: Bearer rst_…' http://127.0.0.1:8787/api/v1/batches")


def _whose(token: "AccessToken") -> str:
    until = f"until {_minute(token.expires_at)}" if token.expires_at else "until it is revoked"
    return f"the token {token.token_id} of {token.name}, {token.role}, good {until}"


@token_app.command("list")
@speaks
def list_tokens(*, json: JsonFlag = False) -> None:
    """List the tokens: whose they are, their roles, when they were used and when they expire."""
    with open_board() as board:
        tokens = board.tokens()
    if json:
        print_json([_facts(token) for token in tokens])
    elif tokens:
        _show(tokens)
    else:
        say("There is no token. Next: restyle token add NAME --role admin")


def _facts(token: "AccessToken") -> dict[str, Any]:
    return asdict(token)


def _show(tokens: Sequence["AccessToken"]) -> None:
    table = Table("Id", box=None, header_style="bold", pad_edge=False)
    for title in ("Name", "Role", "Made", "Last used", "Expires"):
        table.add_column(title, overflow="fold")
    for token in tokens:
        expires = "expired" if token.expired else _minute(token.expires_at)
        texts = (token.name, token.role, _minute(token.created_at), _minute(token.used_at), expires)
        table.add_row(token.token_id, *(Text(text) for text in texts))
    console = out()
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    console.print(table)


def _minute(at: datetime | None) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M}" if at else "never"


@token_app.command("revoke")
@speaks
def revoke(
    token: Annotated[str, typer.Argument(metavar="ID", help="Its id, as `token list` shows it.")],
    *,
    json: JsonFlag = False,
) -> None:
    """Revoke a token; whoever is signed in with it is out at once."""
    with open_board() as board:
        board.revoke_token(token)
    print_json({"revoked": token}) if json else say(f"The token {token} is revoked.")
