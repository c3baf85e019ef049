"""The property: whatever the input, what reads it returns, or raises an error of ours, in time."""

import json
import resource
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from random import Random

from producer.manifest import open_manifest
from shared.errors import RestyleError
from shared.pictures.header import read_header
from shared.reading import Reading
from shared.s3 import ObjectStore
from shared.sidecars import parse_sidecar
from shared.styles import load_style, parse_style
from tests.exports import REWRITES, Shop
from tests.fuzz import seeds
from tests.fuzz.mutations import mutated
from tests.pictures import LIMITS, SOURCE, STYLE, read, read_mask
from worker.pictures.encoding import CODECS, encode
from worker.pictures.readback import read_back

#: One input may take this long, in seconds.
PATIENCE_SECONDS = 20.0
#: One input may raise the process's peak of memory by this much, in kB.
MAX_GROWTH = 600_000

Reader = Callable[[bytes], object]


class Hang(BaseException):
    """An input took too long; no reader may catch it."""


@dataclass(frozen=True)
class Finding:
    """An input that broke the property."""

    kind: str
    what: str
    content: bytes


@dataclass(frozen=True)
class Kind:
    """One kind of input: what it is made from, and what reads it."""

    seeds: list[bytes]
    read: Reader


def kinds(folder: Path) -> dict[str, Kind]:
    """Every kind of file that a person hands in; the folder is for those that lie on a disk."""
    return {
        "csv": Kind(seeds.tables(",") + seeds.tables(";"), manifest_reader(folder / "m.csv")),
        "tsv": Kind(seeds.tables("\t"), manifest_reader(folder / "m.tsv")),
        "jsonl": Kind(seeds.json_lines(), manifest_reader(folder / "m.jsonl")),
        "export": Kind(seeds.exports(), export_reader(folder / "e.csv")),
        "requests": Kind(seeds.requests(), export_reader(folder / "e.jsonl")),
        "style": Kind(seeds.styles(), style_reader(folder / "s.yaml")),
        "picture": Kind(seeds.pictures(), read),
        "header": Kind(seeds.pictures(), read_source_header),
        "result": Kind(seeds.pictures(), write_result),
        "mask": Kind(seeds.masks(), read_mask),
        "sidecar": Kind(seeds.sidecars(), lambda content: parse_sidecar(content, where="fuzz")),
    }


def read_source_header(content: bytes) -> object:
    """Reads what a check reads of a picture."""
    size = len(content)
    return read_header(BytesIO(content), byte_count=size, source=SOURCE, limits=LIMITS)


def write_result(content: bytes) -> object:
    """Writes a picture with all that it carries, and reads it back."""
    picture = read(content)
    # A result that is not what was written is our defect, whatever the source holds.
    try:
        for container in CODECS:
            encoded = encode(picture, container, STYLE)
            whose = {"style": STYLE, "limits": LIMITS, "source": SOURCE}
            read_back(encoded, size=picture.size, **whose)
    except RestyleError as error:
        raise ValueError(f"{container}: {error}") from error
    return picture


def manifest_reader(path: Path) -> Reader:
    """Reads a manifest to its last row."""
    style = parse_style({"mask": "the dress", "paint": "a red dress"}, where="fuzz")
    store = ObjectStore.connect()

    def read_manifest(content: bytes) -> object:
        path.write_bytes(content)
        with open_manifest(str(path), style, store) as manifest:
            return list(manifest.specs())

    return read_manifest


def export_reader(path: Path) -> Reader:
    """Reads another program's catalogue, and writes it back without results: nothing changes."""
    reading, store = Reading.of(rewrites=[*REWRITES.values()]), ObjectStore.connect()

    def read_export(content: bytes) -> object:
        path.write_bytes(content)
        shop = Shop(path, store, reading)
        written = shop.written(lambda _spec: None)
        # That it was accepted and does not come back is our defect.
        if shop.comes_back and written != content:
            raise ValueError("a catalogue without results is not the very file")
        return shop

    return read_export


def style_reader(path: Path) -> Reader:
    """Reads a style."""

    def read_style(content: bytes) -> object:
        path.write_bytes(content)
        return load_style(path)

    return read_style


def fuzz(kind: str, *, runs: int, seed: int, told: Counter[str] | None = None) -> list[Finding]:
    """Read a number of mutated inputs of a kind; equal seeds make equal inputs.

    Args:
        kind: A key of `kinds`.
        runs: Number of inputs.
        seed: Of the mutations.
        told: Counts what became of the inputs, by error code or `read`.
    """
    random, told = Random(f"{kind}/{seed}"), Counter() if told is None else told
    with tempfile.TemporaryDirectory(prefix="restyle-fuzz-") as folder:
        chosen = kinds(Path(folder))[kind]
        inputs = (mutated(chosen.seeds, random) for _ in range(runs))
        broken = ((content, broken_by(content, chosen.read, told)) for content in inputs)
        return [Finding(kind, what, content) for content, what in broken if what]


def broken_by(content: bytes, reader: Reader, told: Counter[str]) -> str:
    """What is wrong with how an input was read; empty where nothing is."""
    peak = _peak()
    try:
        with _alarm(PATIENCE_SECONDS):
            told[_outcome(content, reader)] += 1
    except Hang:
        return f"no end after {PATIENCE_SECONDS:g} s"
    except Exception as error:  # noqa: BLE001 - that any may come is what is looked for
        return f"{type(error).__name__}: {error}"
    growth = _peak() - peak
    return f"took {growth} kB of memory" if growth > MAX_GROWTH else ""


def _outcome(content: bytes, reader: Reader) -> str:
    try:
        reader(content)
    except RestyleError as error:
        # Every surface shows the report: it must be JSON, in UTF-8, its sentence on one line.
        json.dumps(error.report(), ensure_ascii=False).encode()
        if len(str(error).splitlines()) != 1:
            raise ValueError(f"no single line: {error}") from error
        return error.code
    return "read"


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise `Hang` after a time; an alarm that was set before rings later by what this one took."""

    def ring(*_: object) -> None:
        raise Hang

    handler = signal.signal(signal.SIGALRM, ring)
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, left)
        signal.signal(signal.SIGALRM, handler)
