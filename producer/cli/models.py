"""`restyle models`: versions of models, and the aliases that styles name them by."""

from pathlib import Path
from typing import Annotated

import typer

from producer.cli.aliases import moved, open_registry, tell, two
from producer.cli.batches import say
from producer.cli.login import login
from producer.cli.promoting import promote
from producer.cli.terminal import JsonFlag, print_json, speaks
from shared.settings import load_settings

models_app = typer.Typer(no_args_is_help=True, help="Keep versions of models, and name them.")


def register(app: typer.Typer) -> None:
    """Add the commands to the `restyle` command."""
    models_app.command()(promote)
    app.add_typer(models_app, name="models")


@models_app.command("push")
@speaks
def push_version(
    source: Annotated[
        Path, typer.Argument(metavar="DIRECTORY|ARCHIVE", help="A model, or its .tar.gz.")
    ],
    *,
    name: Annotated[str, typer.Option(help="The model's name in the registry.")],
    base: Annotated[
        str | None, typer.Option(help="What it was made from; by default what its card tells.")
    ] = None,
    alias: Annotated[
        str | None, typer.Option(help="Let this alias point to it, without a golden set.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Bring a model into the registry, under the digest of its archive.

    Example: restyle models push finetuned/ --name brand --alias candidate
    """
    from producer.models import promotion, push

    registry, limit = open_registry(), load_settings().max_model_bytes
    seen = registry.find_alias(name, alias) if alias else None
    pushed = push(source, name, registry, by=login(), max_bytes=limit, base=base)
    version = pushed.version
    if alias and not (seen and seen.alias.digest == version.digest):
        step = promotion(version.digest, login(), note="pushed, no golden set")
        moved(name, alias, seen, step, registry)
    if json:
        print_json(version.model_dump(mode="json") | {"new": pushed.is_new, "alias": alias})
        return
    said = "is pushed" if pushed.is_new else "was there already"
    say(f"{name}@sha256:{version.digest} {said}, {version.size:,} bytes.")
    to = alias or "stable"
    say(f"Styles name it as registry:{name}@{alias or 'sha256:' + version.digest}")
    if to != "stable":
        say(f"Next: restyle models promote {name}@{to} --to stable --golden … --style …")


@models_app.command("list")
@speaks
def list_models(*, json: JsonFlag = False) -> None:
    """List the models: how many versions each has, and where its aliases point."""
    from producer.cli.model_views import show_list
    from producer.models.listing import all_models

    models = all_models(open_registry())
    print_json([model.as_json() for model in models]) if json else show_list(models)


@models_app.command()
@speaks
def show(
    name: Annotated[
        str, typer.Argument(metavar="NAME[@ALIAS]", help="A model, or one version of it.")
    ],
    *,
    json: JsonFlag = False,
) -> None:
    """Show a model's versions and the moves of its aliases, or one version with its card.

    Examples: restyle models show brand · restyle models show brand@stable --json
    """
    from producer.cli.model_views import show_model, show_version
    from producer.models.listing import one_model, version_facts

    registry = open_registry()
    named, _, which = name.partition("@")
    digest = registry.digest(named, which) if which else None
    model = one_model(named, registry)
    if digest is None:
        print_json(model.as_json()) if json else show_model(model)
        return
    version = registry.version(named, digest)
    print_json(version_facts(version, model)) if json else show_version(version, model)


@models_app.command()
@speaks
def rollback(
    alias: Annotated[str, typer.Argument(metavar="NAME@ALIAS", help="Which alias.")],
    *,
    json: JsonFlag = False,
) -> None:
    """Let an alias point to the version before; once more, to the one before that.

    Example: restyle models rollback brand@stable
    """
    from producer.models import back

    registry = open_registry()
    name, to = two(alias, "ALIAS")
    seen = registry.alias(name, to)
    step = back(name, to, seen, login())
    tell(name, to, seen, moved(name, to, seen, step, registry), as_json=json)
