"""Logs: JSON for machines, console for people; every line carries its batch and item."""

import logging
import sys

import structlog

from shared.settings import Settings

#: Libraries whose chatter at info level says nothing about items.
QUIET = ("botocore", "boto3", "urllib3", "httpx", "httpcore", "celery", "kombu", "amqp")


def configure_logs(settings: Settings) -> None:
    """Send every log line, ours and the libraries', to stderr in one format."""
    level = getattr(logging, settings.log_level.upper())
    structlog.configure(
        processors=[*_shared_processors(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    sink = logging.StreamHandler(sys.stderr)
    sink.setFormatter(_formatter(settings.log_format))
    logging.basicConfig(level=level, handlers=[sink], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    logging.captureWarnings(capture=True)


def _shared_processors() -> list[structlog.typing.Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _formatter(log_format: str) -> logging.Formatter:
    as_console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    ending: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if as_console
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared_processors(),
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
    )
