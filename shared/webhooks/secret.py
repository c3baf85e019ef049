"""The form of a webhook's secret: `whsec_` and 24 to 64 bytes in base64, as the scheme asks."""

import base64
import binascii
from typing import Annotated

from pydantic import AfterValidator, SecretStr

#: What every secret begins with.
PREFIX = "whsec_"
#: Fewest and most bytes of a secret.
SECRET_BYTES = (24, 64)


def is_secret(text: str) -> bool:
    """Whether the text is a secret of the scheme's form."""
    encoded = text.removeprefix(PREFIX)
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return False
    least, most = SECRET_BYTES
    return text.startswith(PREFIX) and least <= len(key) <= most


def _known(secret: SecretStr) -> SecretStr:
    named = secret.get_secret_value().split()
    if not named or not all(map(is_secret, named)):
        # Not `should be …`: such a sentence would show the value beside it.
        msg = "holds no secret of the form whsec_… (make one with `restyle webhooks secret`)"
        raise ValueError(msg)
    return secret


#: One secret, or several with spaces between.
SecretList = Annotated[SecretStr, AfterValidator(_known)]
