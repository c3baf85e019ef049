"""`restyle-worker`: one child process per device of this host, until SIGTERM; or a fine-tuning."""

import os
import sys
from typing import Annotated

import typer

from shared.errors import BoardError, RestyleError
from shared.settings import Settings, load_settings

app = typer.Typer(add_completion=False)


@app.callback(invoke_without_command=True)
def serve(
    context: typer.Context,
    devices: Annotated[
        str | None,
        typer.Option(help="all (the CPU where there is no GPU), cpu, or numbers such as 0,1."),
    ] = None,
) -> None:
    """Render items from the queue on the devices of this host, one process per device.

    SIGTERM drains: the batch on the device is finished, everything else goes back to the queue.
    All settings: `restyle config show`.
    """
    if context.invoked_subcommand:
        return
    try:
        status = _supervise(devices, load_settings())
    except RestyleError as error:
        report = error.report()
        typer.echo(f"error {error.code}: {report['message']}\n  → {report['hint']}", err=True)
        raise typer.Exit(3 if isinstance(error, BoardError) else 2) from error
    raise typer.Exit(status)


def _supervise(asked: str | None, settings: Settings) -> int:
    # Here, so that `--help` answers at once.
    from shared.board import StatusBoard
    from shared.dispatch import Dispatcher
    from shared.logs import configure_logs
    from shared.queue import Publisher, celery_app
    from shared.safety import LOOK_SECONDS, Safety
    from worker.devices import chosen_devices
    from worker.rounds import Rounds
    from worker.supervisor import Supervisor

    configure_logs(settings)
    devices = chosen_devices(asked or settings.devices)
    board = StatusBoard.connect(settings)
    board.refuse_unsafe()
    publisher = Publisher(celery_app(settings))
    publisher.refuse_forbidden()
    dispatcher = Dispatcher(board, publisher, settings)
    Rounds("safety", LOOK_SECONDS, Safety(board).look).start()
    return Supervisor(devices, settings, board, dispatcher).run()


@app.command(
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def finetune(context: typer.Context) -> None:
    """Teach the inpainting model a style from a dozen pictures; `finetune --help` has its flags."""
    # The very program that `accelerate launch` starts: this one must stay free of torch.
    program = [sys.executable, "-m", "worker.finetune", *context.args]
    os.execv(program[0], program)  # noqa: S606 - our own interpreter


def main() -> None:
    """Entry point of `restyle-worker`."""
    app()


if __name__ == "__main__":
    main()
