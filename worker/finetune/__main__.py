"""`restyle-worker finetune`, and what `accelerate launch -m worker.finetune` starts."""

import sys

from shared.errors import RestyleError
from shared.logs import configure_logs
from shared.settings import load_settings
from worker.finetune.config import Training


def main(arguments: list[str] | None = None) -> int:
    """Fine-tune by the flags of a command line; the exit status."""
    try:
        training = Training.parse(sys.argv[1:] if arguments is None else arguments)
        settings = load_settings()
        configure_logs(settings)
        # Here, so that `--help` and wrong flags answer at once.
        from worker.finetune.session import Session  # noqa: PLC0415

        target = Session.open(training, settings).run()
    except RestyleError as error:
        report = error.report()
        sys.stderr.write(f"error {error.code}: {report['message']}\n  → {report['hint']}\n")
        return 2
    sys.stdout.write(f"{target}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
