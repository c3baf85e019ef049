"""The page: a contact sheet as one HTML file that fetches nothing and works offline."""

import base64
import hashlib

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from producer.sheet import wording
from producer.sheet.cards import Frame, Sheet

#: Nothing is fetched, framed or sent anywhere; style and script run by their own digest only, so
#: foreign text that slipped through the escaping would still do nothing.
POLICY = (
    "default-src 'none'; img-src data:; style-src 'sha256-{style}'; script-src 'sha256-{script}'; "
    "base-uri 'none'; form-action 'none'"
)


#: Pictures of a card side by side; more go to the next line.
MOST_ACROSS = 6


def render_page(sheet: Sheet) -> str:
    """The sheet as HTML (write it as UTF-8)."""
    environment = Environment(
        loader=PackageLoader("producer", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = _text(environment, "sheet.css") + _shape(sheet)
    script = _text(environment, "sheet.js")
    rendered, failed = wording.in_two_groups(sheet)
    return environment.get_template("sheet.html.j2").render(
        policy=POLICY.format(style=_digest(style), script=_digest(script)),
        # Our own files, which hold no foreign text.
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        words=wording,
        sheet=sheet,
        rendered=rendered,
        failed=failed,
        picture=_data_uri,
    )


def _shape(sheet: Sheet) -> str:
    """The slots' shape, and how many stand side by side; the policy allows no style attributes."""
    across = min(2 + wording.variant_count(sheet), MOST_ACROSS)
    return f":root {{ --aspect: {sheet.usual_aspect:.3f}; --across: {across}; }}\n"


def _text(environment: Environment, name: str) -> str:
    if environment.loader is None:  # pragma: no cover - it was just given
        raise LookupError(name)
    return environment.loader.get_source(environment, name)[0]


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _data_uri(frame: Frame) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(frame.jpeg or b"").decode()
