"""Styles over HTTP: the files of RESTYLE_STYLES, which submissions name."""

from typing import Any

from fastapi import APIRouter

from producer.backoffice.asking import TheOffice
from producer.style_folder import StyleFile, StyleFolder
from shared.record import Record

router = APIRouter(prefix="/styles", tags=["styles"])


class StyleView(Record):
    """A style that a submission may name."""

    name: str
    #: Equal digests make equal pictures; null where the file is no style.
    digest: str | None
    fields: dict[str, Any] | None
    #: Why the file is no style; empty where it is one.
    problem: str


class StyleList(Record):
    """The styles, by name."""

    styles: list[StyleView]


@router.get("")
def list_styles(office: TheOffice) -> StyleList:
    """The styles of the operator's folder; none where no folder is set."""
    files = StyleFolder(office.settings.styles).files()
    return StyleList(styles=[_view(file) for file in files])


def _view(file: StyleFile) -> StyleView:
    style = file.style
    return StyleView(
        name=file.name,
        digest=style.digest if style else None,
        fields=style.model_dump(mode="json") if style else None,
        problem=file.problem,
    )
