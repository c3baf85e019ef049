"""Webhooks as settings and batches name them: targets, networks, secrets."""

from shared.webhooks.networks import AllowedNetworks, NetworkList
from shared.webhooks.secret import SECRET_BYTES, SecretList
from shared.webhooks.target import MAX_TARGETS, TargetList, Targets, WebhookTarget, targets

__all__ = [
    "MAX_TARGETS",
    "SECRET_BYTES",
    "AllowedNetworks",
    "NetworkList",
    "SecretList",
    "TargetList",
    "Targets",
    "WebhookTarget",
    "targets",
]
