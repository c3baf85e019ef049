"""StyleFolder: the style files that an operator puts on this disk for others to choose from."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shared.errors import StyleInvalid, StyleUnreadable
from shared.styles import Style, load_style
from shared.wording import did_you_mean

#: How a style file's name ends.
ENDINGS = frozenset({".yaml", ".yml"})


@dataclass(frozen=True, slots=True)
class StyleFile:
    """A file of the folder."""

    #: The file's, without its ending; what a submission names.
    name: str
    #: None where the file is no style.
    style: Style | None
    #: Why it is none; empty where it is one.
    problem: str = ""


@dataclass(frozen=True, slots=True)
class StyleFolder:
    """The styles of a folder, read anew each time."""

    #: None where there is no folder, and no style then.
    folder: Path | None

    def files(self) -> Iterator[StyleFile]:
        """Every file that is named like a style, by name.

        Raises:
            StyleUnreadable: The folder cannot be read.
        """
        for name, path in sorted(self._paths().items()):
            try:
                yield StyleFile(name, load_style(path))
            except StyleInvalid as error:
                yield StyleFile(name, None, str(error))

    def style(self, name: str) -> Style:
        """The style of a name; it is looked for among the files, and never taken for a path.

        Raises:
            StyleUnreadable: There is no such style.
            StyleInvalid: Its file is no valid style.
        """
        paths = self._paths()
        if name not in paths:
            reason = f"there is none of that name{did_you_mean(name, paths)}"
            raise StyleUnreadable(style=repr(name), reason=reason)
        return load_style(paths[name])

    def _paths(self) -> dict[str, Path]:
        if self.folder is None:
            return {}
        try:
            found = list(self.folder.iterdir())
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise StyleUnreadable(style=f"folder {self.folder}", reason=reason) from error
        return {path.stem: path for path in found if path.suffix.lower() in ENDINGS}
