"""Pages: HTML files that hold all they show, fetch nothing and work offline."""

import base64
import functools
import hashlib

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

#: Nothing is fetched, framed or sent anywhere; style and script run by their own digest only, so
#: foreign text that slipped through the escaping would still do nothing.
POLICY = (
    "default-src 'none'; img-src data:; style-src {style}; script-src {script}; "
    "base-uri 'none'; form-action 'none'"
)


def render(template: str, *, style: str, script: str = "", **values: object) -> str:
    """A page from a template of this package (write it as UTF-8).

    Args:
        template: The template's file name.
        style: Its whole style, of our own words only.
        script: Its whole script, likewise; the policy of a page without one allows none.
        values: What else the template shows; text among it is escaped.
    """
    return (
        _environment()
        .get_template(template)
        .render(
            policy=POLICY.format(style=_allowed(style), script=_allowed(script)),
            # Our own files, which hold no foreign text.
            style=Markup(style),  # noqa: S704
            script=Markup(script),  # noqa: S704
            picture=data_uri,
            **values,
        )
    )


def text(name: str) -> str:
    """A file of the templates as it is: a style or a script."""
    environment = _environment()
    if environment.loader is None:  # pragma: no cover - it was just given
        raise LookupError(name)
    return environment.loader.get_source(environment, name)[0]


def data_uri(jpeg: bytes) -> str:
    """A JPEG as an address that holds it."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


@functools.cache  # a template takes longer to be compiled than to be rendered
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("producer", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _allowed(inline: str) -> str:
    """A source of the policy: this very text, or nothing."""
    digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
    return f"'sha256-{digest}'" if inline else "'none'"
