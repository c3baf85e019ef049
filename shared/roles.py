"""Roles: what whoever asks the back office may do; each may also do what the ones before it may."""

from enum import StrEnum


class Role(StrEnum):
    """What an identity may do."""

    #: Reads.
    VIEWER = "viewer"
    #: Also decides, submits and steers.
    OPERATOR = "operator"
    #: Also looks after tokens, and reads the audit log.
    ADMIN = "admin"

    def covers(self, needed: "Role") -> bool:
        """Whether this role may do what the other one may."""
        order = list(Role)
        return order.index(self) >= order.index(needed)
