"""Options that several commands take, in the same words."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer
from typer.core import TyperCommand

from producer.cli.terminal import err

if TYPE_CHECKING:
    from producer.catalogues import Recognised
    from shared.reading import Reading

ManifestOption: TypeAlias = Annotated[
    str,
    typer.Option(
        help="CSV or JSONL file (a shop's export too), local or s3://, an S3 Inventory's "
        "manifest.json, or s3://bucket/prefix/ with images."
    ),
]
StyleOption: TypeAlias = Annotated[
    Path, typer.Option(help="YAML file: what to mask, what to paint.")
]
OutputOption: TypeAlias = Annotated[
    str | None,
    typer.Option(help="s3://bucket/prefix/ for the results; by default RESTYLE_OUTPUT."),
]
MapOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="sku=COLUMN image=COLUMN[,COLUMN]",
        help="Columns of a CSV that is not ours, instead of those that its header lets guess.",
    ),
]
RewriteOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="https://HOST/=s3://BUCKET/",
        help="Where public addresses lie in S3; can be repeated, the longest prefix wins. "
        "Before = may stand the beginning of a path, or nothing.",
    ),
]
IncludeOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(metavar="GLOB", help="Only sources whose key matches; can be repeated."),
]
ExcludeOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(metavar="GLOB", help="No sources whose key matches; can be repeated."),
]
VerifyBytesOption: TypeAlias = Annotated[
    bool,
    typer.Option("--verify-bytes", help="A source put anew with the same bytes is unchanged."),
]
VerifyResultsOption: TypeAlias = Annotated[
    bool, typer.Option("--verify-results", help="A result that was removed is rendered anew.")
]
WebhookOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(help="URL that the batch's events are sent to; can be repeated."),
]
#: Options that take several assignments at once.
SPREAD = ("--map", "--rewrite")


class SpreadingCommand(TyperCommand):
    """A command whose `--map sku=A image=B` means `--map sku=A --map image=B`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments, every assignment under its option."""
        return super().parse_args(ctx, list(spread(args)))


def spread(args: list[str]) -> Iterator[str]:
    """The arguments with the option repeated before each further assignment."""
    option, is_first = "", False
    for arg in args:
        if arg.startswith("-"):
            option, is_first = (arg, True) if arg in SPREAD else ("", False)
        elif option:
            if not is_first and "=" in arg:
                yield option
            is_first = False
        yield arg


def reading_of(
    columns: list[str] | None,
    rewrite: list[str] | None,
    include: list[str] | None,
    exclude: list[str] | None,
) -> "Reading":
    """What the options say of how to read a manifest.

    Raises:
        MappingInvalid: `--map` of another form.
        AddressInvalid: `--rewrite` of another form.
    """
    from shared.reading import Reading

    return Reading.of(
        columns=columns or (),
        rewrites=rewrite or (),
        include=include or (),
        exclude=exclude or (),
    )


def say_columns(recognised: "Recognised | None") -> None:
    """Tell on stderr what another program's catalogue was read by."""
    if recognised:
        hint = " (--map corrects it)" if recognised.has_columns else ""
        err().print(f"note: {recognised}{hint}", markup=False, soft_wrap=True)
