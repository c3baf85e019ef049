"""What bytes a model is: SHA-256 of a file, or of all that may be loaded from a directory."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from shared.errors import ModelInvalid
from shared.packing.layout import CODE

#: Weights, configurations and vocabularies. Whatever else lies in a directory (pickled weights,
#: pictures, licences) is never loaded, so it does not count.
LOADABLE_ENDINGS = (".safetensors", ".json", ".txt", ".model")

#: A model has dozens of files; more means that the reference names some other directory.
MAX_FILES = 10_000


def file_digest(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes, streamed.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tree_digest(directory: Path) -> str:
    """SHA-256 (hex) over the loadable files of a directory: sorted relative paths and contents.

    Times, permissions and the directory's own name do not count; links count as what they lead
    to; hidden files do not count (downloads leave their notes in `.cache`), nor does the program
    of an endpoint.

    Raises:
        ModelInvalid: As `loadable_files`.
    """
    files = loadable_files(directory)
    # Hashing leaves the interpreter to other threads.
    with _readable(directory), ThreadPoolExecutor(4) as threads:
        digests = list(threads.map(file_digest, files.values()))
    # No name holds a NUL, so no two trees give the same text.
    text = "".join(f"{digest} {name}\0" for name, digest in zip(files, digests, strict=True))
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def loadable_files(directory: Path) -> dict[str, Path]:
    """Every loadable file by its path below the directory (with slashes), in sorted order.

    Raises:
        ModelInvalid: There are no weights, too many files, a folder that cannot be read, or a
            link that leads back to a folder above it.
    """
    with _readable(directory):
        paths = list(islice(_walk(directory, ()), MAX_FILES + 1))
    if len(paths) > MAX_FILES:
        raise _invalid(directory, f"it holds over {MAX_FILES} files")
    if not any(path.suffix == ".safetensors" for path in paths):
        raise _invalid(directory, "it holds no *.safetensors")
    return dict(sorted((path.relative_to(directory).as_posix(), path) for path in paths))


def _walk(folder: Path, above: tuple[Path, ...]) -> Iterator[Path]:
    if folder.resolve() in above:
        raise _invalid(folder, "a link in it leads back to a folder above")
    above = (*above, folder.resolve())
    for path in folder.iterdir():
        if path.name.startswith(".") or (path.name == CODE and len(above) == 1):
            continue
        if path.is_dir():
            yield from _walk(path, above)
        elif path.name.endswith(LOADABLE_ENDINGS):
            yield path


@contextmanager
def _readable(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _invalid(directory, f"it cannot be read ({error})") from error


def _invalid(directory: Path, reason: str) -> ModelInvalid:
    return ModelInvalid(reference=directory, reason=reason, kind="model")
