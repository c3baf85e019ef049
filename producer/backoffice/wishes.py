"""Wishes: what a request asks to be rendered, as the wish that a rendering is made from."""

from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from producer.backoffice.offers import asked_style, default_style
from producer.open_models import OpenModels
from producer.rendering import Wish
from producer.uploads import Upload, uploaded
from shared.errors import OutputMissing
from shared.keys import S3Address
from shared.record import Record
from shared.settings import Settings
from shared.styles import Style, parse_style

#: Longest wait within a request, in seconds.
MAX_WAIT_SECONDS = 120
#: A body may hold a picture and its mask.
MAX_BYTES = 80_000_000
#: Stands for the mask's words where a mask is supplied and nobody wrote any.
SUPPLIED = "the supplied mask"

Address = Annotated[str, Field(max_length=2_048)]


class RenderingBody(Record):
    """One picture and what to make of it; every other field is one of the style."""

    model_config = ConfigDict(extra="allow")

    #: s3:// address of the picture.
    image: Address | None = None
    #: Or the picture itself.
    image_base64: str | None = None
    #: s3:// address of a mask of the same size: white is repainted.
    mask: Address | None = None
    #: Or the mask itself.
    mask_base64: str | None = None
    #: What the fields replace: a style's fields, or its name among `/styles`; by default the one
    #: that is called `default`, if there is one.
    style: dict[str, Any] | Annotated[str, Field(max_length=200)] | None = None
    #: What to paint.
    prompt: str | None = None
    #: What to repaint, in words.
    mask_prompt: str | list[str] | None = None
    #: Answer 202 when it takes longer than so many seconds.
    wait_seconds: float = Field(30, ge=0, le=MAX_WAIT_SECONDS)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.image is None) == (self.image_base64 is None):
            msg = "either image or image_base64 must be given"
            raise ValueError(msg)
        if self.mask is not None and self.mask_base64 is not None:
            msg = "mask and mask_base64 are two masks"
            raise ValueError(msg)
        return self

    @property
    def has_mask(self) -> bool:
        """Whether a mask is supplied."""
        return self.mask is not None or self.mask_base64 is not None

    @property
    def fields(self) -> dict[str, Any]:
        """What it says of the style."""
        own = {"prompt": self.prompt, "mask_prompt": self.mask_prompt}
        given = {name: value for name, value in own.items() if value is not None}
        return dict(self.model_extra or {}) | given


def wish_of(body: RenderingBody, settings: Settings) -> Wish:
    """The wish that a body stands for; its pictures' headers are read.

    Raises:
        InputError: Output, style, addresses or base64 cannot be used.
        ImageError: An uploaded picture is none that a worker would take.
    """
    if settings.output is None:
        raise OutputMissing
    image = _picture(body.image, body.image_base64, "image", settings)
    if image is None:
        raise ValueError("a checked body has a picture")
    return Wish(
        image=image,
        mask=_picture(body.mask, body.mask_base64, "mask", settings),
        style=_style(body, settings),
        output=str(S3Address.parse_output(settings.output)),
        models=OpenModels.of(settings),
    )


def _picture(
    address: str | None, text: str | None, field: str, settings: Settings
) -> S3Address | Upload | None:
    if address is not None:
        return S3Address.parse_object(address, kind=field)
    if text is None:
        return None
    is_source = field == "image"
    named = f"{field}_base64"
    return uploaded(text, field=named, limits=settings.limits, is_source=is_source)


def _style(body: RenderingBody, settings: Settings) -> Style:
    fields = body.fields
    base = asked_style(body.style, settings) if body.style else default_style(settings)
    if base is not None:
        return base.with_overrides(fields)
    if body.has_mask and not {"mask_prompt", "mask"} & fields.keys():
        fields["mask_prompt"] = SUPPLIED
    return parse_style(fields, where="of the request")
