"""Exits: how a process ends at once, with which status, when no clean-up can be trusted.

The supervisor puts its claims back and starts a new one.
"""

import faulthandler
import os

import structlog

from worker.risks import Risks

log = structlog.get_logger()

EXIT_DEVICE_LOST = 70
EXIT_DECODER_HUNG = 71
EXIT_DRAIN_DEADLINE = 75
#: Longest time that a file may be in a decoder; one of 64 megapixels takes a few seconds.
DECODE_SECONDS = 120.0


def lose_device(error: BaseException) -> None:
    """End a process whose device thread died of an error."""
    log.critical("the device is lost; the supervisor starts a new process", exc_info=error)
    leave(EXIT_DEVICE_LOST)


def end_if_hung(risks: Risks, hang_seconds: float) -> None:
    """End a process one of whose decoders never returns: its thread would be lost for good.

    Args:
        risks: Knows how long a file has been in a decoder.
        hang_seconds: The limit, where it is shorter than `DECODE_SECONDS`.
    """
    if risks.longest_decoding_seconds() <= min(DECODE_SECONDS, hang_seconds):
        return
    log.critical("a decoder hangs; the supervisor starts a new process")
    faulthandler.dump_traceback(all_threads=True)
    leave(EXIT_DECODER_HUNG)


def leave(status: int) -> None:
    """End the process here and now."""
    os._exit(status)
