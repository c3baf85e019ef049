"""What a model archive may hold: the rules by which one is packed and unpacked."""

import re
from pathlib import PurePosixPath

from shared.errors import ModelInvalid
from shared.packing.layout import CODE, EXTRACTOR, PAINTER_PARTS, PICKLES, TEXTS, WEIGHTS

#: A model has dozens of members.
MAX_MEMBERS = 10_000
#: Folders a member may lie in: archive root, model, part of the model, and one to spare.
MAX_DEPTH = 4
#: The bytes that a reader and a writer hold at a time.
CHUNK_BYTES = 1 << 20

#: Folders that an archive of ours may hold; an intermediate checkpoint's is none of them.
FOLDERS = (*PAINTER_PARTS, EXTRACTOR, "safety_checker", CODE)
#: What people read beside a model: its card, its samples, its licence.
PAPERS = (".md", ".png", ".jpg")
LICENCES = ("LICENSE", "NOTICE")

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


class Members:
    """Checks one member of an archive after the other; all of them count against the caps."""

    def __init__(self, reference: str, max_bytes: int) -> None:
        """Know no member yet.

        Args:
            reference: Names the model in errors.
            max_bytes: Most bytes of all members together.
        """
        self._reference, self._max_bytes = reference, max_bytes
        self._count = self._bytes = 0
        self._seen: set[PurePosixPath] = set()

    def count(self, size: int) -> None:
        """Count a member of so many bytes.

        Raises:
            ModelInvalid: Too many members, or too many bytes.
        """
        self._count += 1
        self._bytes += size
        if self._count > MAX_MEMBERS:
            raise self.refusal(f"the archive unpacks to more than {MAX_MEMBERS:,} members")
        if self._bytes > self._max_bytes:
            limit = f"{self._max_bytes:,} bytes (RESTYLE_MAX_MODEL_BYTES)"
            raise self.refusal(f"the archive unpacks to more than {limit}")

    def path(self, name: str, *, is_regular: bool) -> PurePosixPath:
        """The path of a member that is no folder.

        Raises:
            ModelInvalid: It leaves the archive's folder, or is a link or a device.
        """
        path = self.inside(name)
        if not is_regular:
            raise self.refusal(f"the archive's member {name!r} is no regular file")
        return path

    def inside(self, name: str) -> PurePosixPath:
        """The path of any member.

        Raises:
            ModelInvalid: It leaves the archive's folder.
        """
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise self.refusal(f"the archive's member {name!r} leaves its folder")
        return path

    def keep(self, path: PurePosixPath) -> None:
        """Let a member pass that is written.

        Raises:
            ModelInvalid: Its name is odd, or another member has it.
        """
        if len(path.parts) > MAX_DEPTH or not all(map(_NAME.fullmatch, path.parts)):
            raise self.refusal(f"the archive's member {str(path)!r} has an odd name")
        if path in self._seen:
            raise self.refusal(f"the archive holds {path} twice")
        self._seen.add(path)

    def refusal(self, reason: str) -> ModelInvalid:
        """The error for this archive."""
        return ModelInvalid(reference=self._reference, reason=reason, kind="model")


def is_loaded(path: PurePosixPath) -> bool:
    """Whether loading a model needs a file of this name."""
    is_ours = path.suffix in (WEIGHTS, *TEXTS) and not path.name.startswith(".")
    return is_ours and CODE not in path.parts[:-1]


def stranger(path: PurePosixPath) -> str:
    """Why a file does not belong into an archive of ours, after its name, or nothing."""
    if path.suffix in PICKLES:
        return "is a pickle, which can run anything; only safetensors are loaded"
    folder = path.parts[0] if len(path.parts) > 1 else ""
    if folder and folder not in FOLDERS:
        return f"lies in a folder that is no part of a model ({', '.join(FOLDERS)} are)"
    is_program = folder == CODE and path.suffix in (".py", *TEXTS)
    is_known = is_loaded(path) or path.suffix in PAPERS or path.name in LICENCES
    return "" if is_known or is_program else "is nothing that a model or its card needs"
