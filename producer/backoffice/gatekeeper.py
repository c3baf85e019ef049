"""Gatekeeper: says who asks, and whether they may; what the routes know of access."""

from enum import IntEnum
from typing import Protocol

from starlette.requests import Request

from shared.record import Record


class Role(IntEnum):
    """What somebody may do; a higher role may do all that a lower one may."""

    #: Reads.
    VIEWER = 1
    #: Decides, submits, steers and schedules too.
    OPERATOR = 2
    #: Keeps tokens and reads the audit log too.
    ADMIN = 3


class Caller(Record):
    """Who asks."""

    #: As it stands beside their decisions.
    name: str
    role: Role


class Gatekeeper(Protocol):
    """Lets requests pass, or raises why not."""

    def admit(self, request: Request, least: Role) -> Caller:
        """Who asks, where their role is `least` or higher."""


class OpenDoor:
    """Lets everybody do everything, as `local`."""

    def admit(self, request: Request, least: Role) -> Caller:  # noqa: ARG002 - the protocol's
        """Whoever asks."""
        return Caller(name="local", role=Role.ADMIN)
