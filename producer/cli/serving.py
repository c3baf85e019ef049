"""`restyle serve`: the back office, its page and its API."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from producer.cli.batches import say
from producer.cli.terminal import speaks
from shared.errors import OptionInvalid, PartMissing
from shared.settings import Settings, load_settings
from shared.urls import public_url as checked_url

if TYPE_CHECKING:
    from producer.backoffice.serving import Place


def register(app: typer.Typer) -> None:
    """Add the command to the `restyle` command."""
    app.command()(serve)


@speaks
def serve(
    *,
    host: Annotated[
        str | None, typer.Option(help="Where to listen; by default RESTYLE_SERVE_HOST.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65_535, help="By default RESTYLE_SERVE_PORT; 0 takes a free one."),
    ] = None,
    public_url: Annotated[
        str | None,
        typer.Option(help="The address that people open; by default RESTYLE_PUBLIC_URL."),
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="Serve over TLS: a PEM file.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="The certificate's key: a PEM file.")] = None,
) -> None:
    """Serve the back office: the page where people review, and the API.

    On this host alone nobody has to sign in until there is a token (`restyle token add`); to other
    hosts it is not served without one.
    """
    try:
        from producer.backoffice import office, serving
    except ModuleNotFoundError as error:
        raise PartMissing(part="back office", extra="backoffice", reason=str(error)) from error

    settings = load_settings()
    place = _place(settings, host, port, public_url, (tls_cert, tls_key))
    with office.open_office(settings) as opened:
        serving.serve(opened, place, say)


def _place(
    settings: Settings,
    host: str | None,
    port: int | None,
    public_url: str | None,
    pair: tuple[Path | None, Path | None],
) -> "Place":
    from producer.backoffice.serving import Certificate, Place

    try:
        url = settings.public_url if public_url is None else checked_url(public_url)
    except ValueError as error:
        raise OptionInvalid(option="--public-url", reason=str(error)) from error
    return Place(
        host or settings.serve_host,
        settings.serve_port if port is None else port,
        url,
        Certificate.of(*pair),
    )
