"""Origins: each setting as `restyle config show` prints it, with where its value came from."""

from collections.abc import Mapping
from typing import NamedTuple

from pydantic import SecretStr

from shared.ecosystem import ECOSYSTEM, SECRET
from shared.settings import PREFIX, Settings, given_origins, given_variables, load_settings
from shared.urls import mask_url


class Origin(NamedTuple):
    """A setting as `restyle config show` prints it."""

    name: str
    value: str
    origin: str


def describe_settings() -> list[Origin]:
    """Every setting with its value, secrets masked, and where the value came from.

    Raises:
        SettingsInvalid: As `load_settings`.
    """
    settings, origins = load_settings(), given_origins()
    return [_origin(settings, name, origins) for name in Settings.model_fields]


def describe_ecosystem() -> list[Origin]:
    """Every variable of the ecosystem that is set, secrets masked."""
    given = given_variables(ECOSYSTEM).items()
    return [Origin(name, _shown(name, value), "environment") for name, value in given]


def _shown(name: str, value: str) -> str:
    return "***" if name in SECRET else mask_url(value)


def _origin(settings: Settings, name: str, origins: Mapping[str, str]) -> Origin:
    value = getattr(settings, name)
    plain = value.get_secret_value() if isinstance(value, SecretStr) else value
    shown = "" if plain is None else mask_url(str(plain))
    if isinstance(value, SecretStr) and "://" not in shown:
        shown = "***"  # nothing of it may be shown
    origin = origins.get(name, "default")
    is_variable = origin.startswith(PREFIX)
    return Origin(PREFIX + name.upper(), shown, "environment" if is_variable else origin)
