"""Offers: the styles and models that requests may name; nothing else of this disk is read."""

from typing import Any

from producer.open_models import OpenModels
from producer.style_folder import StyleFolder
from shared.settings import Settings
from shared.styles import Style, parse_style

#: The name of the style that requests need not name.
DEFAULT = "default"


def asked_style(style: dict[str, Any] | str, settings: Settings) -> Style:
    """The style that a request means: its fields, or a name of RESTYLE_STYLES.

    Raises:
        StyleUnreadable: There is no style of this name.
        StyleInvalid: It is no valid style.
    """
    if isinstance(style, str):
        found = StyleFolder(settings.styles).style(style)
        is_named = "name" in found.model_fields_set
        return found if is_named else found.model_copy(update={"name": style})
    return parse_style(style, where="of the request")


def check_models(style: Style, settings: Settings) -> None:
    """Let a style pass whose models requests may name.

    Raises:
        ModelNotAllowed: One is a directory of this host that nobody opened.
        StyleUnreadable: The folder of styles cannot be read.
    """
    OpenModels.of(settings).check({style.segmenter, style.painter})


def default_style(settings: Settings) -> Style | None:
    """The style that stands for those of requests that name none: `default` of RESTYLE_STYLES.

    Raises:
        StyleInvalid: Its file is no valid style.
    """
    folder = StyleFolder(settings.styles)
    return folder.style(DEFAULT) if any(file.name == DEFAULT for file in folder.files()) else None
