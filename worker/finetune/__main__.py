"""`restyle-worker finetune`, and what `accelerate launch -m worker.finetune` starts."""

import sys

from shared.errors import RestyleError
from shared.logs import configure_logs
from shared.settings import load_settings
from worker.finetune.config import Training

EXIT_INTERRUPTED = 130
INTERRUPTED = (
    "interrupted: what was written is whole\n"
    "  → Go on from the last checkpoint with --resume_from_checkpoint latest.\n"
)


def main(arguments: list[str] | None = None) -> int:
    """Fine-tune by the flags of a command line; the exit status."""
    try:
        training = Training.parse(sys.argv[1:] if arguments is None else arguments)
        settings = load_settings()
        configure_logs(settings)
        # Here, so that `--help` and wrong flags answer at once.
        from worker.finetune.session import Session  # noqa: PLC0415

        session = Session.open(training, settings)
        target = session.run()
    except KeyboardInterrupt:
        sys.stderr.write(INTERRUPTED)
        return EXIT_INTERRUPTED
    except RestyleError as error:
        report = error.report()
        sys.stderr.write(f"error {error.code}: {report['message']}\n  → {report['hint']}\n")
        return 2
    if session.accelerator.is_main_process:
        sys.stderr.write(f"into the registry: restyle models push {target} --name NAME\n")
        sys.stdout.write(f"{target}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
