"""Catalogues written back: the same bytes, with results in the place of the pictures."""

import codecs
import csv
import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from producer.as_source import Told, Wish, write_back
from shared.errors import AddressUncovered, CatalogueMissing, RecordInvalid
from shared.reading import Reading, Rewrite
from shared.s3 import ObjectStore
from shared.states import ItemState
from tests.exports import FILES, OUT, REWRITES, Shop, result_of


@pytest.fixture(scope="module")
def store() -> ObjectStore:
    """A store that local catalogues never use."""
    return ObjectStore.connect()


@pytest.fixture
def shop(store):
    """Submit one of the fixture files."""
    return lambda name: Shop(FILES / name, store, Reading.of(rewrites=[REWRITES[name]]))


@pytest.fixture
def opened(store, tmp_path):
    """Submit a catalogue of this content."""

    def new(content: bytes, name: str = "m.csv", **wishes) -> Shop:
        (tmp_path / name).write_bytes(content)
        return Shop(tmp_path / name, store, Reading.of(**wishes))

    return new


def cells(content: bytes, delimiter: str) -> list[list[str]]:
    """What another program reads of a CSV."""
    return list(
        csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter)
    )


# --- CSV -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REWRITES)
def test_a_catalogue_without_results_is_the_very_file(shop, name):
    """Delimiter, quoting, line ends, byte order mark: every byte."""
    assert shop(name).written(lambda _spec: None) == (FILES / name).read_bytes()


@pytest.mark.parametrize("name", sorted(REWRITES.keys() - {"sagemaker.manifest"}))
def test_a_catalogue_with_results_is_read_as_its_results(shop, store, tmp_path, name):
    """The file that comes back is a catalogue of the same form, of the same items."""
    before = shop(name)
    after = tmp_path / name
    after.write_bytes(before.written())
    again = Shop(after, store, before.reading)
    assert again.batch.catalogue.format == before.batch.catalogue.format
    assert [(spec.external_id, spec.source) for spec in again.specs] == [
        (spec.external_id, result_of(spec)) for spec in before.specs
    ]


@pytest.mark.parametrize(
    ("name", "images"),
    [
        ("shopify.csv", {"Product image URL", "Variant image URL"}),
        ("woocommerce.csv", {"Images"}),
    ],
)
def test_nothing_but_pictures_changes(shop, name, images):
    """What a shop loads unedited: every other cell is its own."""
    old = cells((FILES / name).read_bytes(), ",")
    new = cells(shop(name).written(), ",")
    columns = [number for number, column in enumerate(old[0]) if column not in images]
    assert [[row[one] for one in columns] for row in new] == [
        [row[one] for one in columns] for row in old
    ]
    assert len(new[0]) == len(old[0])
    assert new != old


def test_a_picture_that_stands_in_two_places_is_replaced_in_both(shop):
    """A variant keeps pointing at one of its product's pictures."""
    rows = cells(shop("shopify.csv").written(), ",")
    product, variant = (rows[0].index(f"{what} image URL") for what in ("Product", "Variant"))
    cdn = "https://cdn.shopify.com/s/files/1/0001/products/out/"
    assert rows[1][product] == rows[1][variant] == f"{cdn}0%20PD-S.v1.jpg"
    assert rows[2][variant] == f"{cdn}2%20PD-M%232.v1.jpg"


def test_several_pictures_of_one_cell_keep_what_parts_them(shop):
    """WooCommerce's comma and space; commercetools' sizes."""
    (row,) = [row for row in cells(shop("woocommerce.csv").written(), ",") if row[0] == "11"]
    shown = "https://shop.example/wp-content/uploads/out"
    assert f"{shown}/0%20HOOD.v1.jpg, {shown}/1%20HOOD%232.v1.jpg" in row
    text = shop("commercetools.csv").written().decode()
    shown = "https://images.ct.example/out"
    assert f"{shown}/0%20CT-1.v1.jpg|1000|1500;{shown}/1%20CT-1%232.v1.jpg|0|0" in text


def test_items_without_a_result_keep_their_address(shop):
    """And are counted."""
    before = shop("google.tsv")
    text = before.written(lambda spec: result_of(spec) if spec.number == 1 else None).decode()
    assert "https://cdn.example/img/1.jpg\t" in text
    assert "https://cdn.example/out/1%20G-1%232.v1.jpg,https://cdn.example/img/1c.jpg" in text
    assert before.told == Told(items=4, without=3)


def test_what_is_unchanged_comes_with_its_earlier_result(opened):
    """In a catalogue, and in the answers to requests."""
    for name, content in {
        "m.csv": b"source\ns3://shop/a.jpg\n",
        "m.jsonl": b'{"custom_id": "a", "body": {"image": "s3://shop/a.jpg"}}\n',
    }.items():
        shop, sink = opened(content, name), io.BytesIO()
        rows = [
            row.model_copy(update={"state": ItemState.UNCHANGED})
            for row in shop.outcomes(lambda _spec: f"{OUT}old.v1.jpg")
        ]
        assert write_back(shop.batch, rows, shop.store, Wish(), sink) == Told(items=1)
        assert b"s3://shop/out/old.v1.jpg" in sink.getvalue()


def test_another_variant_may_stand_in_the_pictures_place(opened):
    """Items that have no such variant keep their address."""
    shop = opened(b"source\ns3://shop/a.jpg\n")
    assert shop.written(variant=2) == b"source\ns3://shop/a.jpg\n"
    assert shop.told == Told(items=1, without=1)


def test_what_a_pattern_left_out_keeps_its_address(opened):
    """Also where the same id stands in a row that was left out."""
    content = b"id,image_link\n1,s3://shop/b.jpg\n1,s3://shop/a.png\n2,s3://shop/c.jpg\n"
    shop = opened(content, include=["*.png"])
    assert shop.written() == content.replace(b"s3://shop/a.png", b"s3://shop/out/0 1.v1.jpg")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-8"])
def test_the_encoding_comes_back_with_its_mark(opened, encoding):
    """A spreadsheet finds its file as it wrote it."""
    mark = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
    text = '\r\n\nid;title;image_link\r1;ä 👗;"s3://shop/ä.jpg"\r\n\r\n'
    content = mark.get(encoding, codecs.BOM_UTF8) + text.encode(encoding)
    shop = opened(content)
    assert shop.written(lambda _spec: None) == content
    new = text.replace("s3://shop/ä.jpg", "s3://shop/out/0 1.v1.jpg")
    assert shop.written() == content[: len(content) - len(text.encode(encoding))] + new.encode(
        encoding
    )


def test_the_shops_own_bytes_come_back_whatever_they_mean(opened):
    """Latin-1 beside UTF-8, formulas, a description of a million characters."""
    tail = b"x" * 900_000
    content = b'id,title,image_link,note\n1,Caf\xe9,s3://shop/a.jpg,"=1+1 ""%b"""\n' % tail
    shop = opened(content)
    assert shop.written() == content.replace(b"s3://shop/a.jpg", b"s3://shop/out/0 1.v1.jpg")


sign = st.sampled_from([",", ";", "\t"])
odd = st.text(st.sampled_from("ab ,;\t\"'=éß"), max_size=8)
odd_lines = st.text(st.sampled_from("ab ,;\t\"'\n\r=éß"), max_size=8)


@st.composite
def sheets(draw) -> tuple[str, str]:
    """A feed as any spreadsheet may write it, and what parts its cells."""
    delimiter = draw(sign)
    text = io.StringIO(newline="")
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    # Python's own writer leaves line ends that are not the file's unquoted, unless it quotes all.
    note = odd if quoting == csv.QUOTE_MINIMAL else odd_lines
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerow(["title", "id", "image link", "additional image link", "note"])
    for number in range(draw(st.integers(1, 4))):
        more = [f"s3://shop/{number}/{one}.jpg" for one in range(draw(st.integers(0, 2)))]
        joined = draw(st.sampled_from([",", ", "])).join(more)
        writer.writerow([draw(note), number, f"s3://shop/{number}.jpg", joined, draw(note)])
        text.write(draw(st.sampled_from(["", end])))
    return text.getvalue(), delimiter


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(sheets())
def test_a_round_trip_changes_nothing_but_addresses(opened, sheet):
    """Without results the bytes are the same; with results for sources, every other cell is."""
    text, delimiter = sheet
    content = text.encode()
    shop = opened(content)
    assert shop.written(lambda _spec: None) == content
    old, new = cells(content, delimiter), cells(shop.written(lambda s: s.source + "x"), delimiter)
    changed = [[cell.replace(".jpg", ".jpgx") for cell in row] for row in old]
    assert new == changed


# --- JSON ------------------------------------------------------------------------------------


def test_our_own_rows_keep_their_text(opened):
    """Spaces, escapes and the order of fields, in CSV and JSON Lines."""
    content = (
        b'\n{ "seed":7 , "source" : "s3://shop/\\u00e4.jpg","prompt":"\\"source\\": \\"x\\"" }\r\n'
    )
    shop = opened(content, "m.jsonl")
    new = content.replace(b"s3://shop/\\u00e4.jpg", "s3://shop/out/0 ä.jpg.v1.jpg".encode())
    assert shop.written() == new
    content = b'"steps";Source\n7; "s3://shop/a.jpg"\n'
    new = content.replace(b"s3://shop/a.jpg", b"s3://shop/out/0 a.jpg.v1.jpg")
    assert opened(content).written() == new


def test_sagemaker_gets_a_label_of_ours(shop):
    """Augmented lines, as a labelling job writes them; other labels stay."""
    before = shop("sagemaker.manifest")
    first, second = before.written().decode().splitlines()
    label = {
        "restyle-ref": "s3://shop/out/0 photos/a.jpg.v1.jpg",
        "restyle-ref-metadata": {
            "type": "restyle/image",
            "job-name": "spring",
            "human-annotated": "no",
            "creation-date": "2026-11-24T00:00:00+00:00",
        },
    }
    old = (FILES / "sagemaker.manifest").read_text().splitlines()
    assert json.loads(first) == json.loads(old[0]) | label
    assert first.startswith(old[0][:-1])
    assert json.loads(second)["source-ref"] == "s3://shop/photos/b.jpg"


def test_a_label_of_an_earlier_batch_is_replaced(opened):
    """No field stands twice in a line."""
    shop = opened(b'{"restyle-ref": "old", "source-ref": "s3://shop/a.jpg"}\n', "m.manifest")
    pairs = json.loads(shop.written(), object_pairs_hook=list)
    assert [name for name, _ in pairs] == ["restyle-ref", "source-ref", "restyle-ref-metadata"]
    assert dict(pairs)["restyle-ref"] == "s3://shop/out/0 a.jpg.v1.jpg"


def test_openai_requests_are_answered_in_their_order(opened):
    """A response with every variant, or an error; every request has its line."""
    rewrites = ["https://cdn.example/=s3://shop/"]
    shop = opened((FILES / "openai.jsonl").read_bytes(), "m.jsonl", rewrites=rewrites)
    answers = shop.written(lambda spec: None if spec.number == 1 else result_of(spec))
    first, second, third = map(json.loads, answers.decode().splitlines())
    assert first["custom_id"] == "request-1"
    assert first["error"] is None
    assert first["response"]["status_code"] == 200
    url = "https://cdn.example/out/0%20request-1.v1.jpg"
    assert first["response"]["body"]["data"] == [{"url": url}]
    assert (second["custom_id"], second["response"]) == ("request-2", None)
    assert second["error"] == {"code": "mask_empty", "message": "There is no dress."}
    assert len({first["id"], second["id"], third["id"]}) == 3


def test_a_list_of_keys_is_answered_by_the_list_of_results(opened):
    """Encoded as it was; items without a result are not in it."""
    shop = opened((FILES / "batch-operations.csv").read_bytes())
    answer = shop.written(lambda spec: f"{OUT}a b+é.jpg" if spec.number == 0 else None)
    assert answer == b"shop,out/a+b%2B%C3%A9.jpg\n"
    shop = opened(b'[{"prefix": "s3://shop/in/"}, "a.jpg", "b.jpg"]', "m.json")
    assert json.loads(shop.written(lambda spec: f"{OUT}{spec.number}.jpg")) == [
        {"prefix": OUT},
        "0.jpg",
        "1.jpg",
    ]


# --- what cannot be written back -------------------------------------------------------------


def test_a_result_without_a_public_address_names_the_rewrite(opened):
    """A shop cannot load s3:// addresses; one more --rewrite helps."""
    content = b"id,image_link\n1,https://cdn.example/a.jpg?v=1\n"
    shop = opened(content, rewrites=["https://cdn.example/=s3://photos/"])
    with pytest.raises(AddressUncovered) as error:
        shop.written()
    hint = error.value.report()["hint"]
    assert (
        hint
        == "Say under which address it is public: --rewrite https://cdn.example/=s3://shop/out/"
    )
    rewrites = (Rewrite.parse("https://new.example/=s3://shop/out/"),)
    new = content.replace(b"cdn.example/a.jpg?v=1", b"new.example/0%201.v1.jpg")
    assert shop.written(rewrites=rewrites) == new


def test_a_batch_of_a_listed_prefix_has_no_catalogue(opened):
    """There is no file to write back."""
    shop = opened(b"source\ns3://shop/a.jpg\n")
    shop.batch = shop.batch.model_copy(update={"catalogue": None})
    with pytest.raises(CatalogueMissing, match="listed prefix"):
        shop.written()


@pytest.mark.parametrize(
    "content",
    [
        b"source\ns3://shop/b.jpg\n",
        b"source\n",
        b'source\n"x\n',
        b'source\ns3://shop/a.jpg\n"x',
    ],
)
def test_another_file_than_the_submitted_one_is_refused(opened, content):
    """Somebody wrote over the record: nothing is mixed up."""
    shop = opened(b"source\ns3://shop/a.jpg\n")
    shop.path.write_bytes(content)
    with pytest.raises(RecordInvalid):
        shop.written()
