"""Recipients: the webhook targets of a batch, from its submission and from the settings."""

from collections.abc import Sequence

from shared.errors import WebhookInvalid, WebhookSecretMissing
from shared.jobs import Batch
from shared.keys import is_apart
from shared.settings import Settings
from shared.webhooks import MAX_TARGETS, WebhookTarget, targets


def named_for_batch(named: Sequence[str], settings: Settings) -> tuple[str, ...]:
    """The targets that a submission names, each once.

    Raises:
        WebhookInvalid: One of them is no usable URL, or there are too many.
        WebhookSecretMissing: There are some, here or in the settings, and no secret.
    """
    found = tuple(dict.fromkeys(named))
    for target in found:
        WebhookTarget.parse(target)
    if len(found) > MAX_TARGETS:
        raise WebhookInvalid(target=found[-1], reason=f"a batch has {MAX_TARGETS} at most")
    if (found or settings.webhooks) and settings.webhook_secret is None:
        raise WebhookSecretMissing
    return found


def recipients(batch: Batch, settings: Settings) -> tuple[str, ...]:
    """Where the batch's events go; those of a replay or a rendering go nowhere."""
    if is_apart(batch.output, batch.batch_id):
        return ()
    return tuple(dict.fromkeys((*batch.webhooks, *targets(settings.webhooks))))
