"""The README is tested: its style, its rows, its commands, its table of fields."""

import re
from pathlib import Path

import pytest
import yaml

from producer.cli import ROOMS
from producer.manifest import open_manifest
from producer.tolerance import LEAST_OVERLAP, TOLERANCE_LEVELS
from shared.s3 import ObjectStore
from shared.settings import Settings
from shared.states import ItemState
from shared.styles import ALIASES, Style, parse_style

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def _blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_styles_in_the_readme_are_valid_styles():
    """A person may copy them as they stand."""
    styles = [parse_style(yaml.safe_load(text), where="README") for text in _blocks("yaml")]
    assert [style.mask_prompt for style in styles] == [("the dress",), ("the dress", "the skirt")]


def test_the_manifest_in_the_readme_is_a_valid_manifest(tmp_path):
    """Its rows become items under the style beside it."""
    path = tmp_path / "photos.csv"
    path.write_text(_blocks("csv")[0])
    style = parse_style(yaml.safe_load(_blocks("yaml")[0]), where="README")
    with open_manifest(str(path), style, ObjectStore.connect()) as manifest:
        assert [spec.external_id for spec in manifest.specs()] == ["SKU-1001", "SKU-1002"]


@pytest.mark.parametrize("name", sorted(Style.model_fields.keys() - {"name"}))
def test_every_field_of_a_style_is_in_the_table_with_its_default(name):
    """What a style may say, and what it means to say nothing."""
    row = re.search(rf"^\| `{name}`.*$", README, flags=re.MULTILINE)
    assert row, name
    field = Style.model_fields[name]
    if not field.is_required() and field.default not in ("", ()):
        default = str(field.default)
        assert (default.lower() if isinstance(field.default, bool) else default) in row[0]
    short = [alias for alias, full in ALIASES.items() if full == name]
    assert all(f"`{alias}`" in row[0] for alias in short)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_table_with_its_meaning(name):
    """Nobody should have to read the source to set something."""
    row = re.search(rf"^\| `RESTYLE_{name.upper()}` \|.*\| (.+) \|$", README, flags=re.MULTILINE)
    assert row, name


def test_the_glossary_names_every_state_of_an_item():
    """Whoever reads a state in a list finds what it means."""
    row = re.search(r"^\| state \|.*$", README, flags=re.MULTILINE)
    assert row
    assert re.findall(r"\*(\w+)\*", row[0]) == sorted(ItemState, key=row[0].index)
    assert all(f"*{state}*" in row[0] for state in ItemState)


def test_every_command_in_the_readme_exists():
    """`restyle …` lines name commands that are there, and every command is named."""
    said = set(re.findall(r"^\$ restyle ([a-z]+)", README, flags=re.MULTILINE))
    assert said <= ROOMS.keys()
    assert all(re.search(rf"\b{command}\b", README) for command in ROOMS)


def test_every_link_in_the_readme_leads_somewhere():
    """Pictures and files that it points to are in the repository."""
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_make_target_in_the_readme_exists():
    """`make …` in the text is a target of the Makefile."""
    targets = set(re.findall(r"(?:`|\$ )make ([a-z-]+)", README))
    makefile = (ROOT / "Makefile").read_text()
    assert [name for name in targets if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []


def test_the_readme_states_the_tolerance_that_the_code_has():
    """What a replay calls equal is a promise."""
    stated = re.search(
        r"`--tolerance` is (\d+) levels, and masks must overlap by ([\d.]+) %", README
    )
    assert stated
    assert int(stated[1]) == TOLERANCE_LEVELS
    assert float(stated[2]) == pytest.approx(100 * LEAST_OVERLAP)
