"""The signature of an event, by the Standard Webhooks scheme."""

import base64
import secrets
from datetime import datetime

from standardwebhooks import Webhook

from shared.errors import WebhookSecretMissing
from shared.settings import Settings
from shared.webhooks import SECRET_BYTES

#: Bytes of a secret that we make up; the scheme asks for 24 to 64.
NEW_SECRET_BYTES = (SECRET_BYTES[0] + SECRET_BYTES[1]) // 2


def new_secret() -> str:
    """A random secret for RESTYLE_WEBHOOK_SECRET and for the receiver."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(NEW_SECRET_BYTES)).decode()


def signed_headers(
    settings: Settings, delivery_id: str, body: str, *, at: datetime
) -> dict[str, str]:
    """The three headers that a receiver verifies a body by; every secret signs.

    Args:
        settings: Has the secrets.
        delivery_id: The same at each try, so that a receiver can tell what it had before.
        body: As it is sent.
        at: Now, in UTC; receivers refuse what is more than five minutes off.

    Raises:
        WebhookSecretMissing: There is no secret.
    """
    if settings.webhook_secret is None:
        raise WebhookSecretMissing
    keys = settings.webhook_secret.get_secret_value().split()
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(key).sign(delivery_id, at, body) for key in keys),
    }
