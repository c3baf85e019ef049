"""The page's files keep to what the content security policy and the house ask of them."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from producer.backoffice import page

STATIC = page.FOLDER / "static"
MODULES = sorted(STATIC.rglob("*.js"))
SHEETS = sorted(STATIC.rglob("*.css"))
IMPORT = re.compile(r"""(?:from|import)\s*\(?\s*"(\.[^"]+)\"""")
#: Ways in which a string becomes markup or code.
MARKUP = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setHTMLUnsafe"
)
#: Vector graphics name their namespace by a URL that nobody fetches.
FOREIGN = re.compile(r"""https?://(?!www\.w3\.org/)""")


class Tags(HTMLParser):
    """Collects the tags of a document with their attributes."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        """Keep a tag."""
        self.found.append((tag, dict(attrs)))


def shown(path: Path) -> str:
    """A file as the tests name it."""
    return str(path.relative_to(STATIC))


@pytest.fixture(scope="module")
def tags():
    """Every tag of the document."""
    parser = Tags()
    parser.feed((page.FOLDER / "index.html").read_text(encoding="utf-8"))
    return parser.found


def test_the_document_has_no_inline_script_style_or_listener(tags):
    """Inline code would be refused by the policy; and could not be told from an intruder's."""
    assert not [tag for tag, _ in tags if tag == "style"]
    assert all("src" in attributes for tag, attributes in tags if tag == "script")
    assert not [name for _, found in tags for name in found if name == "style" or name[:2] == "on"]


def test_the_document_names_only_files_that_are_there(tags):
    """A missing module leaves the page empty, without a word."""
    names = [
        found.get("src") or found.get("href") for tag, found in tags if tag in ("script", "link")
    ]
    assert names
    assert all((page.FOLDER / name.lstrip("/")).is_file() for name in names)


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_a_module_makes_no_markup_of_strings(path):
    """What a user wrote becomes text nodes, so that it stays text."""
    assert MARKUP.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_a_module_imports_only_files_that_are_there(path):
    """There is no build step that would say so."""
    names = IMPORT.findall(path.read_text(encoding="utf-8"))
    assert [name for name in names if not (path.parent / name).is_file()] == []


@pytest.mark.parametrize("path", MODULES + SHEETS, ids=shown)
def test_a_file_asks_nothing_of_other_hosts_and_is_short(path):
    """Everything comes from the service itself; a file has 300 lines at most."""
    text = path.read_text(encoding="utf-8")
    assert FOREIGN.findall(text) == []
    assert len(text.splitlines()) <= 300


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_a_module_begins_with_its_duty(path):
    """Each says in a line or two what it is for."""
    assert path.read_text(encoding="utf-8").startswith("/*")
