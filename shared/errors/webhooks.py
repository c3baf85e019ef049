"""Webhooks: their targets, their secrets, and what keeps a delivery from arriving."""

from shared.errors.base import RestyleError
from shared.errors.inputs import InputError


class WebhookInvalid(InputError):
    """What is named as a webhook's target is no URL that events could be sent to."""

    code = "webhook_invalid"
    sentence = "{target} is not a usable webhook target: {reason}."
    hint = "A target reads https://host/path, without a user or a password."


class WebhookSecretMissing(InputError):
    """A webhook is named, and there is no secret to sign its events with."""

    code = "webhook_secret_missing"
    sentence = "A webhook is named, and there is no secret to sign its events with."
    hint = "Make one with `restyle webhooks secret`, and set RESTYLE_WEBHOOK_SECRET to it."


class DeliveryUnknown(InputError):
    """No delivery of that id is on the board."""

    code = "delivery_unknown"
    sentence = "There is no delivery {delivery} on the board."
    hint = "Run `restyle webhooks list`; the newest 1,000 deliveries are kept."


class WebhookError(RestyleError):
    """A try to deliver an event that came to nothing."""


class WebhookFailed(WebhookError):
    """A webhook's target did not take an event."""

    code = "webhook_failed"
    retryable = True
    sentence = "{target} did not take the event: {reason}."
    hint = "Look at the receiver; later tries and `restyle webhooks redeliver` send it again."


class WebhookNotAllowed(WebhookError):
    """A webhook's target lies at an address that the settings do not open; nothing was sent."""

    code = "webhook_not_allowed"
    retryable = True
    sentence = "{target} leads to {address}, and nothing is sent there: {reason}."
    hint = "If that is meant, let an operator add its network to RESTYLE_WEBHOOK_ALLOWED_NETWORKS."
