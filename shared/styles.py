"""Style: what to mask, what to paint, with which model and parameters."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from shared.errors import StyleInvalid, StyleUnreadable
from shared.plain_yaml import parse_yaml
from shared.wording import Problem, in_one_sentence, like, problems

#: The segmenter and painter of a style that names none.
DEFAULT_SEGMENTER = "CIDAS/clipseg-rd64-refined"
DEFAULT_PAINTER = "sd2-community/stable-diffusion-2-inpainting"

#: A style file is a page of text; more is a mistake or an attack (YAML aliases multiply).
MAX_STYLE_BYTES = 64 * 1024

Scheduler = Literal["euler", "euler_ancestral", "ddim", "dpmsolver++", "unipc"]
#: Whether a picture is painted as asked, or quicker and a little differently.
Speed = Literal["exact", "fewer_steps"]
OutputFormat = Literal["source", "jpeg", "png", "webp", "avif"]
#: How often a JPEG stores colour beside brightness: everywhere, in half the columns, or in a
#: quarter of the pixels.
Chroma = Literal["4:4:4", "4:2:2", "4:2:0"]
#: What a result says of how it came about (IPTC's DigitalSourceType, shortened).
SourceType = Literal["composite", "generated", "none"]

#: Fields that decide who sees a result before it counts, and none of its pixels.
WAITING_FIELDS = frozenset(
    {"gate", "review", "mask_min_area", "gate_margin", "gate_pieces", "gate_border"}
)

#: Short names that a style may use → the fields they stand for.
ALIASES = {"mask": "mask_prompt", "protect": "protect_prompts", "paint": "prompt"}


def _one_or_many(value: object) -> object:
    if not isinstance(value, str | list | tuple):
        msg = "should be a text or a list of texts"
        raise ValueError(msg)  # noqa: TRY004 - pydantic reports ValueErrors only
    if isinstance(value, str) and not value.strip():
        msg = "is empty"  # or the first member of a list that nobody wrote would be said to be
        raise ValueError(msg)
    return (value,) if isinstance(value, str) else value


def _no_boolean(value: object) -> object:
    if isinstance(value, bool):
        msg = "should be a number"  # YAML reads yes, no, on and off as booleans
        raise ValueError(msg)  # noqa: TRY004 - pydantic reports ValueErrors only
    return value


def _off_or_text(value: object) -> object:
    return "off" if value is False else value  # YAML reads the bare word as a boolean


def _lossless_or_number(value: object) -> object:
    if not re.fullmatch("lossless|[1-9][0-9]?|100", str(value)):
        msg = "should be 'lossless' or a number from 1 to 100"
        raise ValueError(msg)
    return value


Prompt = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000)]
Name = Annotated[
    str,
    Field(max_length=100),
    like(r"[^\x00-\x1f\x7f]*", "should be one line without control characters"),
]
Colour = Annotated[str, like("#[0-9a-fA-F]{6}", "should look like #rrggbb")]
Reference = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_024)]
Integer = Annotated[int, BeforeValidator(_no_boolean)]
Number = Annotated[float, BeforeValidator(_no_boolean)]
Quality = Annotated[Integer, Field(ge=1, le=100)]
#: One validator, since a union's two complaints are hard to read.
LossyOrNot = Annotated[Literal["lossless"] | int, BeforeValidator(_lossless_or_number)]
Prompts = Annotated[tuple[Prompt, ...], BeforeValidator(_one_or_many), Field(max_length=16)]

#: `off` fails a mask over `mask_max_area`; the others hold it.
Gating = Annotated[Literal["auto", "hold", "off"], BeforeValidator(_off_or_text)]
Reviewing = Literal["none", "required"]


class Style(BaseModel):
    """One way to restyle a picture; equal styles have equal digests."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    #: A name for people; it decides nothing.
    name: Name = "unnamed"

    #: What to repaint, in words for the segmenter; of several, the union is repainted.
    mask_prompt: Prompts = Field(min_length=1)
    #: What must never be repainted; a pixel belongs to the prompt that claims it most.
    protect_prompts: Prompts = ()
    #: What to paint.
    prompt: Prompt
    #: What not to paint.
    negative_prompt: str = Field("", max_length=1_000)

    #: Denoising steps.
    steps: Integer = Field(25, ge=1, le=200)
    #: Classifier-free guidance scale; 1 switches guidance off.
    guidance_scale: Number = Field(6.5, ge=1, le=50)
    scheduler: Scheduler = "euler"
    #: `fewer_steps` takes half the steps (8 at least) with a solver of higher order.
    speed: Speed = "exact"
    #: Pictures painted per item (elsewhere called images per prompt).
    variants: Integer = Field(1, ge=1, le=16)
    #: 1 repaints from pure noise; less keeps more of what was there.
    strength: Number = Field(1.0, gt=0, le=1)
    seed: Integer = Field(0, ge=0, lt=2**63)
    #: Side in pixels of the square that the painter works on; 512 or 768 for SD 2.
    working_size: Integer = Field(512, ge=64, le=1536, multiple_of=8)

    #: Model references: hub id, local directory or s3://…/model.tar.gz#sha256=…
    segmenter: Reference = DEFAULT_SEGMENTER
    painter: Reference = DEFAULT_PAINTER

    #: `source` keeps the source's own container (a TIFF or GIF becomes a PNG).
    output_format: OutputFormat = "source"
    #: Colour under transparent pixels where the output container has no alpha.
    background: Colour = "#ffffff"
    jpeg_quality: Quality = 95
    #: 4:4:4, since halved colour smears the garment's edge.
    jpeg_chroma: Chroma = "4:4:4"
    #: Progressive files show a whole picture early, and take several times as long to write.
    jpeg_progressive: bool = False
    #: Lossy WebP always halves the colour (4:2:0).
    webp_quality: LossyOrNot = "lossless"
    avif_quality: Quality = 90

    #: Whether results keep where the picture was taken.
    keep_gps: bool = False
    #: What results say of themselves to people and search engines.
    digital_source_type: SourceType = "composite"
    #: Whether results tell their prompt, which may be confidential.
    embed_prompt: bool = False

    #: A pixel is masked from this probability on.
    mask_threshold: Number = Field(0.5, gt=0, lt=1)
    #: How the segmenter's logits become probabilities (`ndtr`: the normal CDF).
    mask_activation: Literal["sigmoid", "ndtr"] = "sigmoid"
    #: Growth of the mask, as a fraction of the picture's longer side.
    mask_growth: Number = Field(0.012, ge=0, le=0.2)
    #: Width of the soft edge inside the grown mask, as a fraction of the longer side.
    mask_feather: Number = Field(0.008, ge=0, le=0.2)
    #: A mask, found or supplied, over more than this fraction of the picture is not painted.
    mask_max_area: Number = Field(0.6, gt=0, le=1)

    #: Which masks found by text wait for a person: those out of range, all, or none.
    gate: Gating = "auto"
    #: Whether results are published only once a person approved them.
    review: Reviewing = "none"
    #: The gate holds masks under this fraction of the picture.
    mask_min_area: Number = Field(0.002, ge=0, le=1)
    #: It holds masks that the segmenter was less sure of, 0 to 1.
    gate_margin: Number = Field(0.1, ge=0, le=1)
    #: It holds masks of more separate areas.
    gate_pieces: Integer = Field(8, ge=1, le=10_000)
    #: It holds masks that cover more than this share of the picture's border.
    gate_border: Number = Field(0.45, ge=0, le=1)

    @model_validator(mode="before")
    @classmethod
    def _full_names(cls, fields: object) -> object:
        return _canonical(fields) if isinstance(fields, Mapping) else fields

    @model_validator(mode="after")
    def _at_least_one_step_runs(self) -> Self:
        if int(self.steps * self.strength) < 1:
            msg = f"steps x strength is {self.steps * self.strength:g}, but one step must run"
            raise ValueError(msg)
        return self

    @property
    def gating(self) -> str:
        """Which masks wait for a person, as JSON: the gate and its ranges, none of them pixels."""
        fields = self.model_dump(mode="json", include={*WAITING_FIELDS} - {"review"})
        return json.dumps(fields, sort_keys=True)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of everything that decides a result's bytes."""
        fields = self.model_dump(mode="json", exclude={"name", *WAITING_FIELDS})
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()

    def with_overrides(self, overrides: Mapping[str, object]) -> "Style":
        """This style with some fields replaced.

        Raises:
            StyleInvalid: A field is unknown, or a value is out of range.
        """
        if not overrides:
            return self
        try:
            fields = self.model_dump() | _canonical(overrides)
        except ValueError as error:
            raise StyleInvalid(style=self.name, reason=error) from error
        return parse_style(fields, where=self.name)


def _canonical(fields: Mapping[str, object]) -> dict[str, object]:
    full: dict[str, object] = {}
    for name, value in fields.items():
        field = ALIASES.get(name, name)
        if field in full:
            msg = f"{field} is given twice, once under its short name"
            raise ValueError(msg)
        full[field] = value
    return full


#: The fields that a manifest's row may override (`mask` in a row is the supplied mask's address).
OVERRIDABLE = frozenset(Style.model_fields) - {"name"}


def parse_style(fields: object, *, where: str) -> Style:
    """A style from parsed YAML or JSON; `where` names it in errors.

    Raises:
        StyleInvalid: Not a mapping, an unknown field, or a value out of range.
    """
    if not isinstance(fields, Mapping):
        raise StyleInvalid(style=where, reason="it must be a mapping of fields to values")
    try:
        return Style.model_validate(dict(fields))
    except ValidationError as error:
        wrong = [
            _as_written(one, fields) for one in problems(error, [*Style.model_fields, *ALIASES])
        ]
        told = dict(wrong)
        raise StyleInvalid(style=where, reason=in_one_sentence(wrong), fields=told) from error


def _as_written(problem: Problem, fields: Mapping[object, object]) -> Problem:
    """The problem under the name that the style has for its field."""
    field, dot, member = problem.field.partition(".")
    short = next((name for name, full in ALIASES.items() if full == field), "")
    return problem._replace(field=short + dot + member) if short in fields else problem


def load_style(path: Path) -> Style:
    """Read a style file (YAML, UTF-8).

    Raises:
        StyleUnreadable: There is no such file.
        StyleInvalid: It is no valid style.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_STYLE_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StyleUnreadable(style=path, reason=reason) from error
    return read_style(content, where=str(path))


def read_style(content: bytes, *, where: str) -> Style:
    """A style from the bytes of its YAML; `where` names it in errors.

    Raises:
        StyleInvalid: It is no valid style.
    """
    if len(content) > MAX_STYLE_BYTES:
        raise StyleInvalid(style=where, reason=f"it is over {MAX_STYLE_BYTES // 1024} kB")
    try:
        fields = parse_yaml(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise StyleInvalid(style=where, reason="it is no UTF-8 text; save it as UTF-8") from error
    except ValueError as error:
        raise StyleInvalid(style=where, reason=error) from error
    return parse_style(fields, where=where)
