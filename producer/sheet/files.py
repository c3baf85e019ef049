"""The files of a contact sheet: where they go, and writing them whole."""

from functools import partial
from mimetypes import MimeTypes
from pathlib import Path

from producer.files import local_path, write_whole
from producer.sheet.cards import Sheet
from producer.sheet.page import render_page
from producer.sheet.poster import posters
from shared.errors import FileUnwritable

ENDINGS = {".png", ".html"}


def stem_of(output: str, batch_id: str) -> Path:
    """The files' common path without an ending; a new folder is made.

    Args:
        output: An existing folder, a new one with a slash at its end, or the files' path with or
            without an ending; empty for the current folder.
        batch_id: Names the files in a folder.

    Raises:
        FileUnwritable: It is an address, a folder that cannot be made, or the name of a file of
            another kind.
    """
    path = local_path(output)
    if output.endswith("/"):
        _make_folder(path)
    if path.is_dir():
        return path / f"{batch_id}-sheet"
    if path.suffix in ENDINGS:
        return path.with_suffix("")
    if MimeTypes().guess_type(path.name)[0]:  # `v1.2` ends in no kind of file
        reason = f"a sheet is a .png and a .html, not a {path.suffix}"
        raise FileUnwritable(path=path, reason=reason)
    return path


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileUnwritable(path=path, reason=(error.strerror or str(error)).lower()) from error


def write_sheet(sheet: Sheet, stem: Path, *, columns: int | None = None) -> list[Path]:
    """Write a sheet as PNG and as one HTML file.

    Args:
        sheet: What to write.
        stem: Path without an ending; a long poster goes on in `<stem>-2.png` and so on.
        columns: Cards per line of the poster; by default as many as look well.

    Returns:
        The files, the HTML last.

    Raises:
        FileUnwritable: A file cannot be written.
    """
    paths: list[Path] = []
    for number, page in enumerate(posters(sheet, columns), start=1):
        suffix = ".png" if number == 1 else f"-{number}.png"
        paths.append(stem.with_name(stem.name + suffix))
        write_whole(paths[-1], partial(page.save, format="PNG"))
    paths.append(stem.with_name(stem.name + ".html"))
    text = render_page(sheet).encode()
    write_whole(paths[-1], lambda sink: sink.write(text))
    return paths
