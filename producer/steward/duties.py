"""Duties: what a steward does at each beat, one after the other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from shared.errors import BoardError, RestyleError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Duties:
    """Named duties in their order; each asks anew what is to be done and remembers nothing."""

    by_name: Mapping[str, Callable[[], object]]

    def do(self) -> None:
        """Do each in turn; what one cannot do now is tried again at the next beat."""
        for name, duty in self.by_name.items():
            try:
                duty()
            except BoardError as error:
                log.warning("the board is away, next beat tries again", **error.report())
                return  # no other duty would fare better
            except RestyleError as error:
                log.warning("duty not done, next beat tries again", duty=name, **error.report())
            except Exception:  # one odd record must never keep the other duties from their turn
                log.exception("duty not done, next beat tries again", duty=name)
