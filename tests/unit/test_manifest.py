"""Manifests: what is read, what is refused, and that nothing mangled gets out of hand."""

import codecs
import csv
import io
import json
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from producer.identities import Identities
from producer.manifest import open_manifest, read_manifest
from producer.rows import COLUMNS, IDENTITY, Row
from producer.specs import SpecChecker, flat_row, spec_of
from shared.errors import (
    ManifestEmpty,
    ManifestInvalid,
    ManifestUnreadable,
    RestyleError,
)
from shared.jobs import ItemSpec
from shared.s3 import ObjectStore
from shared.styles import Style

STYLE = Style(name="spring", mask_prompt=("the dress",), prompt="a red dress")


@pytest.fixture(scope="module")
def store() -> ObjectStore:
    """A store that local manifests never use."""
    return ObjectStore.connect()


@pytest.fixture
def read(tmp_path, store):
    """Specs of a manifest with this content, by default a CSV."""

    def specs(content: str | bytes, name: str = "manifest.csv") -> list[ItemSpec]:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        with open_manifest(str(path), STYLE, store) as manifest:
            return list(manifest.specs())

    return specs


def problems(error: pytest.ExceptionInfo[ManifestInvalid]) -> list[tuple[int, str]]:
    """Row and column of every problem."""
    return [(one["row"], one["column"]) for one in error.value.report()["details"]["problems"]]


# --- what is read ----------------------------------------------------------------------------


def test_a_row_needs_a_source_only_and_is_known_by_its_key(read):
    """Identity is the user's external_id, else the source's key."""
    first, second = read("source,external_id\ns3://shop/in/a.jpg,\ns3://shop/in/b.jpg,SKU 7\n")
    assert first == ItemSpec(number=0, external_id="in/a.jpg", source="s3://shop/in/a.jpg")
    assert second == ItemSpec(number=1, external_id="SKU 7", source="s3://shop/in/b.jpg")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", [b"", codecs.BOM_UTF8])
def test_every_spreadsheet_writes_a_csv_that_is_read(read, delimiter, line_end, bom):
    """Delimiter, line end and byte order mark do not matter."""
    rows = [["Source", "prompt", "steps"], ["s3://b/ä.jpg", '"a" red, blue; or\tgreen\nskirt', "7"]]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=line_end).writerows(rows)
    (spec,) = read(bom + text.getvalue().encode())
    assert spec.source == "s3://b/ä.jpg"
    assert spec.overrides == {"prompt": rows[1][1], "steps": 7}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["m.csv", "m.jsonl"])
def test_a_spreadsheets_unicode_text_is_read(read, encoding, name):
    """UTF-16 with its byte order mark reads like UTF-8."""
    mark = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}.get(encoding, b"")
    text = {"m.csv": "source\tprompt\r\ns3://b/ä.jpg\tein grünes Kleid 👗\r\n"}
    text["m.jsonl"] = '{"source": "s3://b/ä.jpg", "prompt": "ein grünes Kleid 👗"}\n'
    (spec,) = read(mark + text[name].encode(encoding), name)
    assert (spec.source, spec.overrides) == ("s3://b/ä.jpg", {"prompt": "ein grünes Kleid 👗"})


@pytest.mark.parametrize("name", ["m.csv", "m.jsonl"])
def test_line_ends_may_be_mixed_in_one_file(read, name):
    """Whoever edited the file last, a row is a row, and keeps its number."""
    row = {"m.csv": "s3://b/{}.png", "m.jsonl": '{{"source": "s3://b/{}.png"}}'}[name]
    head = "source\r" if name == "m.csv" else "\r"
    rows = [row.format(number) for number in range(4)]
    text = head + "{}\n{}\r\n{}\r\n\r{}".format(*rows)
    assert [spec.source for spec in read(text, name)] == [f"s3://b/{n}.png" for n in range(4)]
    with pytest.raises(ManifestInvalid) as error:
        read(text + "\rhttp://b", name)
    assert {row for row, _ in problems(error)} == {7}


def test_text_becomes_the_type_of_its_field(read):
    """A CSV's cells and JSON's values give the same overrides."""
    columns = "source;mask_prompt;guidance_scale;seed;paint;mask"
    from_csv = read(f"{columns}\ns3://b/a.png;the skirt| the top;6,25;12;a coat;s3://b/m.png\n")
    row = {
        "source": "s3://b/a.png",
        "mask": "s3://b/m.png",
        "mask_prompt": ["the skirt", "the top"],
        "guidance_scale": 6.25,
        "seed": 12,
        "prompt": "a coat",
        "steps": None,
    }
    assert from_csv == read(json.dumps(row), "manifest.jsonl")
    assert from_csv[0].overrides["guidance_scale"] == 6.25


def test_empty_cells_and_empty_rows_are_not_given(read):
    """Spreadsheets leave empty rows and columns behind."""
    specs = read("\n\nsource,seed,,\n s3://b/a.png ,,,\n,,,\n\ns3://b/b.png,,,,,\n")
    assert [spec.source for spec in specs] == ["s3://b/a.png", "s3://b/b.png"]
    assert all(spec.overrides == {} for spec in specs)


def test_a_number_is_an_identity_too(read):
    """Article numbers are often numbers."""
    (spec,) = read('{"source": "s3://b/a.png", "external_id": 4711}', "m.ndjson")
    assert spec.external_id == "4711"


def test_equal_rows_in_any_notation_have_equal_digests(tmp_path, store):
    """The digest is over what the rows mean, not over the file's bytes."""
    files = {
        "a.csv": "source,steps\ns3://b/a.png,9\n",
        "b.csv": "steps;source\r\n9;s3://b/a.png\r\n",
        "c.jsonl": '{"steps": 9, "source": "s3://b/a.png", "external_id": "a.png"}',
    }
    digests = set()
    for name, content in files.items():
        (tmp_path / name).write_text(content, newline="")
        with open_manifest(str(tmp_path / name), STYLE, store) as manifest:
            digests.add(manifest.digest)
    assert len(digests) == 1


def test_models_and_buckets_of_all_rows_are_told(tmp_path, store):
    """A submission resolves every model and asks for every bucket before it queues anything."""
    rows = "source,mask,painter\ns3://one/a.png,s3://two/m.png,./mine\ns3://one/b.png,,\n"
    (tmp_path / "m.csv").write_text(rows)
    with open_manifest(str(tmp_path / "m.csv"), STYLE, store) as manifest:
        assert manifest.models == {STYLE.segmenter, STYLE.painter, "./mine"}
        probes = [(one.row, one.column, str(one.address)) for one in manifest.probes.values()]
        assert probes == [(2, "source", "s3://one/a.png"), (2, "mask", "s3://two/m.png")]


def test_an_item_knows_the_line_of_its_row(tmp_path, store):
    """Blank lines, wrong rows and the header are counted as an editor counts them."""
    rows = "source,colour\n\ns3://b/a.png,\nhttp://b,\ns3://b/b.png,\n"
    (tmp_path / "m.csv").write_text(rows)
    with read_manifest(str(tmp_path / "m.csv"), STYLE, store) as manifest:
        assert [manifest.row_of(spec.number) for spec in manifest.specs()] == [3, 5]
        assert (manifest.rows, manifest.wrong_rows) == (3, 2)


def test_a_manifest_reads_as_itself(tmp_path, store):
    """The permanent record of a batch can be submitted again."""
    (tmp_path / "m.csv").write_text("source,protect,etag,size\ns3://b/a.png,face|hair,abc,12\n")
    with open_manifest(str(tmp_path / "m.csv"), STYLE, store) as manifest:
        lines = [json.dumps(flat_row(spec)) for spec in manifest.specs()]
        (tmp_path / "copy.jsonl").write_text("\n".join(lines))
        with open_manifest(str(tmp_path / "copy.jsonl"), STYLE, store) as copy:
            assert list(copy.specs()) == list(manifest.specs())
            assert copy.digest == manifest.digest


# --- what is refused -------------------------------------------------------------------------


def test_all_problems_are_told_together_with_the_lines_an_editor_shows(read):
    """A person corrects a manifest once, not once per mistake."""
    rows = [
        "source,external_id,steps,prompt,colour",  # 1
        "s3://b/a.png,A,0,,",  # 2
        's3://b/b.png,B,7,"a',  # 3: its quoted cell goes on over the next line
        'coat",',
        "s3://b/c.png,A,,,",  # 5
        "http://b/d.png,D,,,",  # 6
        ",E,,,",  # 7
        "s3://b/f.png,F",  # 8
        "s3://b/g.png,G,nine,,",  # 9
    ]
    with pytest.raises(ManifestInvalid) as error:
        read("\n".join(rows))
    assert problems(error) == [
        (1, "'colour'"),
        (2, "steps"),
        (5, "external_id"),
        (6, "source"),
        (7, "source"),
        (8, ""),
        (9, "steps"),
    ]
    told = str(error.value)
    assert "7 wrong row(s)" in told
    assert "A is also the id of row 2" in told
    assert "and 2 more" in told


def test_an_unknown_column_names_the_nearest(read):
    """A mistyped column is never silently ignored."""
    with pytest.raises(ManifestInvalid, match="did you mean guidance_scale"):
        read("source,guidance scale\ns3://b/a.png,3\n")
    with pytest.raises(ManifestInvalid, match="did you mean external_id"):
        read('{"source": "s3://b/a.png", "externalid": "x"}', "m.jsonl")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "no valid JSON"),
        ("[]", "no JSON object"),
        ("[" * 100_000, "no valid JSON"),
        ('{"source": "s3://b/a", "source": "s3://b/b"}', "given twice"),
        ('{"source": "s3://b/a", "paint": "x", "prompt": "y"}', "given twice"),
        ('{"source": "s3://b/a", "guidance_scale": NaN}', "NaN"),
        ('{"source": "s3://b/a", "seed": true}', "should be a number, not True"),
        ('{"source": "s3://b/a", "seed": 1' + "0" * 5_000 + "}", "no valid JSON"),
        ('{"source": "s3://b/a", "prompt": "\\ud800"}', "prompt"),
        ('{"source": "s3://b/\\ud800"}', "no Unicode"),
        ('{"source": "s3://b/a", "external_id": ""}', "is empty"),
        ('{"source": "s3://b/a", "external_id": {}}', "neither text"),
        ('{"source": "s3://b/a", "external_id": "a\\u0000"}', "control characters"),
        ('{"source": 3}', "no text"),
        ('{"source": "s3://b/"}', "names no object"),
        ('{"source": "s3://b/../a"}', "`..`"),
        ('{"source": "s3://b/a", "mask": "m.png"}', "s3://"),
        ('{"source": "s3://b/a", "size": -1}', "number of bytes"),
        ('{"source": "s3://b/a", "etag": 5}', "ETag"),
        ('{"source": "s3://b/a", "name": "mine"}', "no such column"),
        ('{"source": "s3://b/a", "steps": 1, "strength": 0.5}', "one step must run"),
        ("{}", "source: is missing"),
    ],
)
def test_a_wrong_row_says_what_is_wrong_with_it(read, line, told):
    """Every kind of mistake is told as its row's problem, in words."""
    with pytest.raises(ManifestInvalid) as error:
        read('{"source": "s3://b/good.png"}\n\n' + line, "m.jsonl")
    assert told in str(error.value)
    assert {row for row, _ in problems(error)} == {3}


def test_each_wrong_field_of_a_row_is_a_problem_of_its_own(read):
    """Its column stands beside it once, and not in its message again."""
    with pytest.raises(ManifestInvalid) as error:
        read("source,seed,steps\ns3://b/a.png,-1,many\n")
    assert error.value.facts["problems"] == [
        {"row": 2, "column": "steps", "message": "should be a whole number, not 'many'"},
        {"row": 2, "column": "seed", "message": "should be greater than or equal to 0, not '-1'"},
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("source,source\ns3://b/a,s3://b/b\n", "given twice"),
        ("mask,mask_prompt\n", "first line names the columns"),
        ("s3://b/a.png\n", "first line names the columns"),
        ('source\n"s3://b/a.png\n', "no well-formed CSV"),
        ('source\n"s3://b/"a.png\n', "no well-formed CSV"),
        ('"source\n', "no well-formed CSV"),
        ("source,\ns3://b/a.png,7\n", "column without a name"),
        ("source\ns3://b/a.png,7\n", "has 2 cells"),
        (b"source\ns3://b/\xe4.png\n", "row 2: is no UTF-8 text; save the file as UTF-8"),
        (b"source,prompt\ns3://b/a.png,a\0b\n", "row 2: holds NUL bytes"),
    ],
)
def test_a_broken_csv_says_where(read, content, told):
    """Mistakes of the file itself are told like those of a row."""
    with pytest.raises(ManifestInvalid) as error:
        read(content)
    assert told in str(error.value)


ENDLESS = "x" * 10_000_000


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("m.csv", ["source", "s3://b/a.png", ENDLESS, "s3://b/b.png", "http://x"]),
        ("m.csv", ["source", "s3://b/a.png", '"' + '\n","' * 250_000 + '"', "http://x"]),
        ("m.jsonl", ['{"source": "s3://b/a.png"}', "", ENDLESS, "{}", '{"steps": 0}']),
    ],
)
def test_a_row_of_megabytes_is_that_rows_problem(read, name, rows):
    """It is skipped, whether one line or many, and the rows behind it are read."""
    with pytest.raises(ManifestInvalid, match="row 3: is over 1,000,000 characters") as error:
        read("\n".join(rows), name)
    assert max(problems(error))[0] == "\n".join(rows).count("\n") + 1


def test_a_row_without_an_end_fills_no_memory(tmp_path, store):
    """Of fifty megabytes on one line no more than a few are held at a time."""
    path = tmp_path / "m.jsonl"
    path.write_text('{"source": "s3://b/a.png"}\n' + "x" * 50_000_000)
    tracemalloc.start()
    with pytest.raises(ManifestInvalid), open_manifest(str(path), STYLE, store):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000


def test_equal_problems_of_many_rows_are_told_once(read):
    """A column that is wrong everywhere is one sentence; the report has every row."""
    rows = [f"s3://b/{number}.png,0" for number in range(1_500)]
    with pytest.raises(ManifestInvalid) as error:
        read("\n".join(["source,steps", *rows, "http://x,9"]))
    told = str(error.value)
    assert "rows 2, 3, 4 and 1,497 more, steps: should be greater" in told
    assert "row 1502, source: 'http://x'" in told
    assert "1501 wrong row(s)" in told
    assert len(problems(error)) == 1_501


@pytest.mark.parametrize("content", ["", "\n\n", "source\n", "source,steps\n,\n"])
def test_a_manifest_without_rows_is_an_error(read, content):
    """Nothing to do is told, not taken for done."""
    if content.strip():
        with pytest.raises(ManifestEmpty):
            read(content)
    with pytest.raises(ManifestEmpty):
        read("\n", "m.jsonl")


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8\xff\xe0 JPEG",
        b"source" * 200_000,
        "source\n".encode("utf-16-le"),
        "source\n".encode("utf-32"),
        "source\n".encode("utf-16")[:-1],
        b"\0" * 100,
    ],
)
def test_a_file_that_is_no_text_is_refused_at_once(read, content):
    """A picture named by mistake gives one sentence, not a thousand rows of it."""
    with pytest.raises(ManifestUnreadable):
        read(content)


@pytest.mark.parametrize("name", ["missing.csv", ".", "manifest.xlsx", "s3://b/a.jpg", ""])
def test_what_is_no_manifest_is_told(store, name):
    """Names that lead nowhere."""
    with pytest.raises(ManifestUnreadable), open_manifest(name, STYLE, store):
        pass


def test_a_hundred_thousand_problems_are_counted_and_not_all_kept(read):
    """A manifest of another program's making does not fill the memory."""
    with pytest.raises(ManifestInvalid) as error:
        read("\n".join(["[]"] * 12_000), "m.jsonl")
    assert error.value.facts["count"] == 12_000
    assert len(problems(error)) == 10_000


def test_rows_of_one_override_are_checked_against_the_style_once():
    """A million rows in three colours cost three validations."""
    with Identities() as identities:
        checker = SpecChecker(STYLE, identities)
        for number in range(300):
            cells = {"source": f"s3://b/{number}.png", "seed": number % 3}
            assert isinstance(checker.check(Row(number, cells), number), ItemSpec)
    assert checker._overridden.cache_info().misses == 3


# --- properties ------------------------------------------------------------------------------

words = (
    st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=20)
    .map(str.strip)
    .filter(bool)
)
keys = st.lists(
    words.filter(lambda part: "/" not in part and part not in {".", ".."}), min_size=1, max_size=3
).map("/".join)
addresses = st.builds("s3://{}/{}".format, st.from_regex("[a-z0-9]{3,8}", fullmatch=True), keys)
prompts = words.filter(lambda text: "|" not in text)
overrides = st.fixed_dictionaries(
    {},
    optional={
        "prompt": words,
        "mask_prompt": st.lists(prompts, min_size=1, max_size=3),
        "steps": st.integers(1, 200),
        "seed": st.integers(0, 2**63 - 1),
        "guidance_scale": st.floats(1, 50),
        "scheduler": st.sampled_from(["euler", "ddim"]),
    },
)


@st.composite
def manifests(draw) -> list[ItemSpec]:
    """Specs of a valid manifest."""
    identities = draw(st.lists(words, min_size=1, max_size=6, unique=True))
    return [
        ItemSpec(
            number=number,
            external_id=identity,
            source=draw(addresses),
            mask=draw(st.none() | addresses),
            overrides=draw(overrides),
            etag=draw(st.none() | st.from_regex("[0-9a-f]{32}", fullmatch=True)),
            size=draw(st.none() | st.integers(0, 10**12)),
        )
        for number, identity in enumerate(identities)
    ]


def as_jsonl(specs: list[ItemSpec]) -> str:
    """The manifest that a user would write as JSON Lines."""
    return "".join(json.dumps(flat_row(spec)) + "\n" for spec in specs)


def as_csv(specs: list[ItemSpec], delimiter: str) -> str:
    """The manifest that a user would write as CSV."""
    rows = [flat_row(spec) for spec in specs]
    columns = sorted(set().union(*rows))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, delimiter=delimiter)
    writer.writeheader()
    for row in rows:
        lists = {name: "|".join(value) for name, value in row.items() if isinstance(value, list)}
        writer.writerow(row | lists)
    return text.getvalue()


quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@quick
@given(manifests())
def test_specs_written_as_json_lines_are_read_as_the_same_specs(read, specs):
    """Manifest round trip, JSON Lines."""
    assert read(as_jsonl(specs), "m.jsonl") == specs


@quick
@given(manifests(), st.sampled_from(",;\t"))
def test_specs_written_as_csv_are_read_as_the_same_specs(read, specs, delimiter):
    """Manifest round trip, CSV of every delimiter."""
    assert read(as_csv(specs, delimiter)) == specs


@given(manifests())
def test_a_flat_row_loses_nothing(specs):
    """What the spool keeps of a spec is all of it."""
    assert [spec_of(flat_row(spec), spec.number) for spec in specs] == specs


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
odd_rows = st.dictionaries(st.sampled_from(sorted(COLUMNS)), json_values, max_size=6)


@quick
@given(st.lists(odd_rows, max_size=3))
def test_values_of_any_type_make_problems_and_never_crashes(read, rows):
    """Any JSON in any column: specs, or a RestyleError whose report is JSON."""
    try:
        read("\n".join(json.dumps(row) for row in rows), "m.jsonl")
    except RestyleError as error:
        json.dumps(error.report()).encode()


@quick
@given(manifests(), st.data())
def test_a_mangled_file_makes_problems_and_never_crashes(read, specs, data):
    """Bytes cut out of, or put into, a good manifest: specs, or a RestyleError."""
    name, text = data.draw(
        st.sampled_from([("m.csv", as_csv(specs, ";")), ("m.jsonl", as_jsonl(specs))])
    )
    content = text.encode()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 20)))
    with_noise = content[:start] + data.draw(st.binary(max_size=20)) + content[end:]
    try:
        read(with_noise, name)
    except RestyleError as error:
        json.dumps(error.report()).encode()


def test_identity_columns_are_columns():
    """Every identity column may be written, `mask` meaning the supplied mask."""
    assert all(COLUMNS[name] == name for name in IDENTITY)
