"""The registry of error codes: every code is raised, every raise is registered, each is shown."""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared import errors
from shared.errors import base

ROOT = Path(__file__).parents[2]
ROOMS = ("shared", "producer", "worker", "infra/sagemaker")
SOURCES = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
REGISTRY = errors.registry()

#: Raised, but not to be shown to a person: control flow, and what pydantic and Celery ask for.
NOT_SHOWN = {
    "Exit",  # typer: the exit status after an error was shown
    "Reject",  # celery: the message goes back
    "ClaimGone",
    "Draining",
    "Elsewhere",
    "CancelledError",
    "StopIteration",  # an iterator's end
    "ValueError",  # in validators and parsers, caught at their edge
    "FileNotFoundError",  # likewise
    "LookupError",  # a template's name that is not in the wheel
    "TypeError",  # a programmer's mistake
    "YAMLError",
    "Refused",  # the endpoint's program, which stands alone: its toolkit shows the sentence
    "RequestValidationError",  # fastapi: answered as request_invalid
}


@functools.cache
def _tree(path: Path) -> ast.AST:
    return ast.parse(path.read_text())


@functools.cache
def _used() -> frozenset[str]:
    """Names that the source uses as values: called, raised, or put into a table of errors."""
    used: set[str] = set()
    for path in SOURCES:
        caught = {
            id(part)
            for node in ast.walk(_tree(path))
            if isinstance(node, ast.ExceptHandler) and node.type
            for part in ast.walk(node.type)
        }
        names = (
            node for node in ast.walk(_tree(path)) if isinstance(node, ast.Name | ast.Attribute)
        )
        used |= {_name(node) for node in names if id(node) not in caught}
    return frozenset(used)


@functools.cache
def _tests_text() -> str:
    paths = [path for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)]
    return "\n".join(path.read_text() for path in paths)


def _raised(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc is not None:
            raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            yield _name(raised)


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def test_codes_are_stable_words():
    """A code is snake_case, and no two classes share one."""
    concrete = [cls for cls in base._walk(errors.RestyleError) if "code" in vars(cls)]
    assert len(REGISTRY) == len(concrete)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in REGISTRY)


@pytest.mark.parametrize("cls", REGISTRY.values(), ids=REGISTRY.keys())
def test_every_code_is_raised_somewhere(cls):
    """A code that nothing raises is a promise that nobody keeps."""
    assert cls.__name__ in _used()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_raise_is_registered(path):
    """What is raised is in the tree, or named here as not for people."""
    known = {cls.__name__ for cls in REGISTRY.values()} | NOT_SHOWN
    tree = _tree(path)
    local = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    names = {name for name in _raised(tree) if name[:1].isupper()}
    assert names <= known | local


@pytest.mark.parametrize("cls", REGISTRY.values(), ids=REGISTRY.keys())
def test_every_code_is_shown_by_a_test(cls):
    """Each code appears in some test: as the class that is expected, or as the code itself."""
    assert re.search(rf"\b{cls.__name__}\b|[\"']{cls.code}[\"']", _tests_text())


@pytest.mark.parametrize("cls", REGISTRY.values(), ids=REGISTRY.keys())
def test_the_readme_lists_every_code(cls):
    """A person who meets a code finds it in the README."""
    assert f"| `{cls.code}` |" in (ROOT / "README.md").read_text()


#: What `restyle check` may find before anything is queued.
FOUND_BY_HEADERS = [
    cls
    for cls in REGISTRY.values()
    if issubclass(cls, errors.ImageError | errors.MaskMismatch | errors.StorageError)
]


@pytest.mark.parametrize("cls", FOUND_BY_HEADERS, ids=lambda cls: cls.code)
def test_a_hint_fits_before_an_item_is_queued_too(cls):
    """Nobody is told to retry what does not wait yet; `restyle items` says it where it fits."""
    assert "retry the item" not in cls.hint.lower()


def test_a_report_is_plain_json():
    """Paths and other objects in the facts become text; numbers stay numbers."""
    error = errors.ImageTooLarge(source=Path("a.jpg"), size="3 MB", limit=2)
    assert error.report()["details"] == {"source": "a.jpg", "size": "3 MB", "limit": 2}
