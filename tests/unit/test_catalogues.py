"""Catalogues of other programs: what is recognised, what becomes an item, and under which id."""

import gzip
import json
from pathlib import Path

import pytest

from producer.manifest import open_manifest, read_manifest
from shared.errors import ManifestEmpty, ManifestInvalid, ManifestUnreadable, MappingInvalid
from shared.jobs import ItemSpec
from shared.keys import S3Address
from shared.reading import Reading
from shared.s3 import ObjectStore
from shared.styles import Style

FILES = Path(__file__).parents[1] / "catalogues"
STYLE = Style(name="spring", mask_prompt=("the dress",), prompt="a red dress")
SHOPIFY = "https://cdn.shopify.com/s/files/1/0001/products/=s3://shop/shopify/"
REWRITES = (
    SHOPIFY,
    "https://shop.example/wp-content/uploads/=s3://shop/woo",
    "https://images.ct.example=s3://shop/ct/",
    "https://cdn.example/=s3://shop/",
)


@pytest.fixture(scope="module")
def store() -> ObjectStore:
    """A store that local manifests never use."""
    return ObjectStore.connect()


@pytest.fixture
def read(store):
    """The specs of a catalogue, what it was taken for, and what was left out."""

    def reading_of(path: Path, *rewrites: str, **wishes) -> tuple[list[ItemSpec], str, dict]:
        reading = Reading.of(rewrites=rewrites or REWRITES, **wishes)
        with open_manifest(str(path), STYLE, store, reading=reading) as manifest:
            taken = manifest.recognised.format if manifest.recognised else ""
            return list(manifest.specs()), taken, manifest.left_out.reasons

    return reading_of


@pytest.fixture
def refused(store, tmp_path):
    """What is said of a CSV of this content: (row, column, message) of each problem."""

    def problems(content: str | bytes, name: str = "m.csv", **wishes) -> list[tuple]:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        with read_manifest(str(path), STYLE, store, reading=Reading.of(**wishes)) as manifest:
            return [tuple(problem) for problem in manifest.problems]

    return problems


def named(specs: list[ItemSpec]) -> dict[str, str]:
    """External id → source."""
    return {spec.external_id: spec.source for spec in specs}


# --- what each export becomes ----------------------------------------------------------------


def test_shopifys_template_gives_each_picture_of_a_product_once(read):
    """Further rows of a product have their own SKU, or go on with the product's first."""
    specs, taken, left_out = read(FILES / "shopify.csv")
    assert (taken, left_out) == ("shopify", {"no image": 1})
    assert named(specs) == {
        "PD-S": "s3://shop/shopify/plaid front.jpg",
        "PD-M": "s3://shop/shopify/plaid-back.jpg",
        "PD-M#2": "s3://shop/shopify/plaid-m.jpg",
        "PD-S#2": "s3://shop/shopify/plaid-detail.jpg",
        "skirt": "s3://shop/shopify/skirt.png",
    }


def test_shopifys_older_export_is_read_alike(read):
    """A variant's picture that is one of its product's is no item of its own."""
    specs, taken, _ = read(FILES / "shopify-older.csv")
    assert taken == "shopify-older"
    assert named(specs) == {
        "PD-S": "s3://shop/shopify/plaid.jpg",
        "PD-S#2": "s3://shop/shopify/plaid-s.jpg",
        "PD-S#3": "s3://shop/shopify/plaid-back.jpg",
    }


def test_woocommerces_variations_belong_to_their_parent(read):
    """A variation without a picture of its own repeats its parent's; that is one item."""
    specs, taken, _ = read(FILES / "woocommerce.csv")
    assert taken == "woocommerce"
    assert named(specs) == {
        "HOOD": "s3://shop/woo/2026/05/hood-front.jpg",
        "HOOD#2": "s3://shop/woo/2026/05/hood-back.jpg",
        "HOOD-BLUE": "s3://shop/woo/2026/05/hood-blue.jpg",
        "14": "s3://shop/woo/2026/05/sticker.png",
    }


def test_magentos_paths_lie_where_a_rewrite_says(read):
    """One file in four roles is one item; a store view's row names none."""
    specs, taken, left_out = read(FILES / "magento.csv", "/=s3://shop/media/catalog/product/")
    assert (taken, left_out) == ("magento", {"no image": 1})
    folder = "s3://shop/media/catalog/product/w/s"
    assert named(specs) == {
        "WS12-M-Blue": f"{folder}/ws12-blue_main_1.jpg",
        "WS12-M-Blue#2": f"{folder}/ws12-blue_back_1.jpg",
    }


def test_akeneos_paths_are_those_of_the_unpacked_zip(read):
    """Attributes of pictures are guessed by their codes, in every locale and channel."""
    specs, taken, left_out = read(FILES / "akeneo.csv", "=s3://shop/export/")
    assert (taken, left_out) == ("akeneo", {"no image": 1})
    assert named(specs) == {
        "dress_1": "s3://shop/export/files/dress_1/image/mobile en.jpg",
        "dress_1#2": "s3://shop/export/files/dress_1/image/mobile_fr.jpg",
        "dress_1#3": "s3://shop/export/files/dress_1/packshot/p.png",
    }


def test_akeneos_attributes_are_mapped_by_their_code_alone(read):
    """`--map image=image` means it in every locale and channel."""
    columns = ["image=image"]
    specs, _, _ = read(FILES / "akeneo.csv", "=s3://shop/export/", columns=columns)
    assert list(named(specs)) == ["dress_1", "dress_1#2"]


def test_commercetools_variants_go_on_below_their_product(read):
    """Cells of the product are blank below; sizes beside an address are none of it."""
    specs, taken, left_out = read(FILES / "commercetools.csv")
    assert (taken, left_out) == ("commercetools", {"no image": 1})
    assert named(specs) == {
        "CT-1": "s3://shop/ct/a.jpg",
        "CT-1#2": "s3://shop/ct/b.jpg",
        "CT-2": "s3://shop/ct/c.jpg",
    }


def test_a_google_feed_has_additional_pictures(read):
    """`image_link`, and up to ten more in one cell."""
    specs, taken, _ = read(FILES / "google.tsv")
    assert taken == "google"
    assert named(specs) == {
        "G-1": "s3://shop/img/1.jpg",
        "G-1#2": "s3://shop/img/1b.jpg",
        "G-1#3": "s3://shop/img/1c.jpg",
        "G-2": "s3://shop/img/2.jpg",
    }


def test_sagemakers_lines_are_known_by_their_source(read):
    """Labels are the user's own."""
    specs, taken, _ = read(FILES / "sagemaker.manifest")
    assert taken == "sagemaker"
    assert named(specs) == {
        "photos/a.jpg": "s3://shop/photos/a.jpg",
        "photos/b.jpg": "s3://shop/photos/b.jpg",
    }


def test_a_list_of_keys_under_a_prefix_is_a_manifest_of_sagemakers(read, tmp_path):
    """The plain form: a JSON array."""
    (tmp_path / "m.json").write_text('[{"prefix": "s3://shop/photos/"}, "a.jpg", "b/c.png"]')
    specs, taken, _ = read(tmp_path / "m.json")
    assert taken == "sagemaker-manifest"
    assert [spec.source for spec in specs] == ["s3://shop/photos/a.jpg", "s3://shop/photos/b/c.png"]


def test_openais_requests_name_picture_prompt_and_mask_in_their_body(read):
    """Edits as JSON bodies have them, and chats; the id is the request's own."""
    specs, taken, _ = read(FILES / "openai.jsonl")
    assert taken == "openai-batch"
    assert [(spec.external_id, spec.source, spec.mask, spec.overrides) for spec in specs] == [
        (
            "request-1",
            "s3://shop/img/1.jpg",
            None,
            {"prompt": "a red plaid dress", "variants": 2},
        ),
        ("request-2", "s3://shop/photos/b.jpg", "s3://shop/img/m.png", {"prompt": "a coat"}),
        ("request-3", "s3://shop/img/3.jpg", None, {"prompt": "a green skirt"}),
    ]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('"a"', "is no JSON object"),
        ("{}", "names no picture; a request edits one"),
        ('{"image": ["s3://b/a.png", "s3://b/b.png"]}', "names 2 pictures"),
        ('{"image": "data:image/png;base64,iVBORw0KGgo"}', "holds the picture itself"),
        ('{"image": "s3://b/a.png", "n": "many"}', "should be a whole number"),
        ('{"messages": [3, {"content": [4, {"image_url": 5}]}], "image": {"url": 6}}', "names no"),
    ],
)
def test_a_request_that_edits_no_picture_is_a_problem_of_its_line(refused, body, told):
    """It is never dropped: its sender waits for an answer."""
    ((row, _, message),) = refused(f'\n{{"custom_id": "a", "body": {body}}}', "m.jsonl")
    assert row == 2
    assert told in message


def test_a_list_for_batch_operations_has_encoded_keys(read):
    """No header; a space is `+` there, and a plus `%2B`."""
    specs, taken, left_out = read(FILES / "batch-operations.csv")
    assert (taken, left_out) == ("batch-operations", {"no picture": 1})
    assert [spec.source for spec in specs] == [
        "s3://shop/photos/red dress(1).jpg",
        "s3://shop/photos/a+b.png",
    ]


def inventory(bucket: Path, **changes) -> str:
    """An inventory of two packed lists in a bucket; the address of its manifest."""
    schema = "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, ETag"
    rows = [
        '"shop","photos/a+b%2B.jpg","v1","true","false","1200","0cc175b9c0f1b6a831c399e269772661"',
        '"shop","photos/a+b%2B.jpg","v0","false","false","1100","x"\n"shop","gone.jpg","","true","true","",""',
        '"shop","notes.txt","","true","false","3","y"\n"shop","out/a.v1.jpg","","true","false","9",""\n"shop","photos/c.png","","true","false","7",""',
    ]
    (bucket / "inv/data").mkdir(parents=True)
    files = []
    for number, text in enumerate(["\n".join(rows[:2]) + "\n", rows[2]]):
        (bucket / f"inv/data/{number}.csv.gz").write_bytes(gzip.compress(text.encode()))
        files.append({"key": f"inv/data/{number}.csv.gz", "size": 1, "MD5checksum": "-"})
    manifest = {
        "sourceBucket": "shop",
        "destinationBucket": f"arn:aws:s3:::{bucket.name}",
        "version": "2016-11-30",
        "creationTimestamp": "1514944800000",
        "fileFormat": "CSV",
        "fileSchema": schema,
        "files": files,
    }
    (bucket / "inv/manifest.json").write_text(json.dumps(manifest | changes))
    return f"s3://{bucket.name}/inv/manifest.json"


def test_an_inventory_gives_its_current_pictures_with_etag_and_size(bucket):
    """Its lists are fetched and unpacked; old versions and other files are counted."""
    name, store = inventory(bucket), ObjectStore.connect()
    output = S3Address.parse_output("s3://shop/out/")
    with open_manifest(name, STYLE, store, output=output) as manifest:
        assert [(spec.source, spec.etag, spec.size) for spec in manifest.specs()] == [
            ("s3://shop/photos/a b+.jpg", "0cc175b9c0f1b6a831c399e269772661", 1200),
            ("s3://shop/photos/c.png", None, 7),
        ]
        assert manifest.left_out.reasons == {"not current": 2, "no picture": 1}
        assert manifest.row_of(1) == 6


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"fileFormat": "Parquet"}, "its lists are Parquet, and only those in CSV are read"),
        ({"fileFormat": "ORC"}, "its lists are ORC"),
        ({"fileSchema": "Bucket, Size"}, "lacks Bucket or Key"),
        ({"files": None}, "no manifest.json"),
        ({"files": [{"key": "inv/manifest.json"}]}, "no gzip file"),
    ],
)
def test_an_inventory_that_cannot_be_read_says_so(bucket, changes, told):
    """One sentence, before any row."""
    name, store = inventory(bucket, **changes), ObjectStore.connect()
    with pytest.raises(ManifestUnreadable, match=told), open_manifest(name, STYLE, store):
        pass


@pytest.mark.parametrize("content", ["{", "[]", "{}", "[1]", "[" * 100_000])
def test_a_document_that_lists_nothing_known_is_refused(read, tmp_path, content):
    """A .json file is an inventory's manifest or a list under a prefix."""
    (tmp_path / "m.json").write_text(content)
    with pytest.raises(ManifestUnreadable, match="it is n"):
        read(tmp_path / "m.json")


# --- the mapping -----------------------------------------------------------------------------


def test_an_unknown_csv_is_read_by_the_columns_that_are_mapped(read, tmp_path):
    """Several columns of pictures, several pictures in one, spaces in names; all else ignored."""
    (tmp_path / "m.csv").write_text(
        "Art. no;Main pic;More;Colour;Colour\n"
        '7;s3://b/a, with a comma.jpg;"s3://b/b.jpg, s3://b/c.jpg";red;blue\n;s3://b/d.jpg;;;\n'
    )
    columns = ["sku=Art. no image=main_pic,More"]
    specs, taken, _ = read(tmp_path / "m.csv", columns=columns)
    assert taken == "mapped"
    assert named(specs) == {
        "7": "s3://b/a, with a comma.jpg",
        "7#2": "s3://b/b.jpg",
        "7#3": "s3://b/c.jpg",
        "d.jpg": "s3://b/d.jpg",
    }


def test_a_guess_is_corrected_by_the_mapping(read):
    """The last word on a column is the person's."""
    columns = ["sku=Variant Barcode", "image=Variant Image"]
    specs, _, left_out = read(FILES / "shopify-older.csv", columns=columns)
    assert list(named(specs)) == ["plaid-dress", "plaid-dress#2"]
    assert left_out == {"no image": 1}


def test_a_column_that_is_not_there_is_told_with_the_nearest(refused):
    """A mistyped mapping is never silently ignored."""
    ((row, column, message),) = refused("SKU,Photo\n1,s3://b/a.jpg\n", columns=["image=Foto"])
    assert (row, column) == (1, "image")
    assert "there is no such column (did you mean Photo?)" in message


def test_an_unknown_csv_says_how_to_map_it(refused):
    """So does a known one that has no column of pictures."""
    assert "--map image=COLUMN" in refused("SKU,Photo\n1,s3://b/a.jpg\n")[0][2]
    akeneo = "sku;categories;enabled;family;name\n1;;1;;x\n"
    assert refused(akeneo) == [
        (
            1,
            "image",
            TAKEN_FOR_AKENEO,
        )
    ]


TAKEN_FOR_AKENEO = (
    "this is taken for a catalogue of Akeneo, and no column is known to hold pictures; "
    "name it by --map image=COLUMN"
)


@pytest.mark.parametrize("text", ["sku", "price=A", "image=", "image= , ", ""])
def test_an_assignment_of_another_form_is_refused(text):
    """Only sku and image are mapped."""
    with pytest.raises(MappingInvalid, match=r"sku=COLUMN or image=COLUMN\[,COLUMN\]"):
        Reading.of(columns=[text])


def test_columns_of_a_file_without_columns_are_refused(read, tmp_path):
    """What a person asks for is done or told."""
    (tmp_path / "m.jsonl").write_text('{"source": "s3://b/a.jpg"}\n')
    with pytest.raises(MappingInvalid, match="is no CSV"):
        read(tmp_path / "m.jsonl", columns=["sku=A"])


# --- rows that are wrong ---------------------------------------------------------------------


def test_wrong_rows_keep_their_lines_and_say_what_is_wrong(refused):
    """Quoted line ends and rows without pictures are counted as an editor counts them."""
    content = (
        'Handle,Title,Variant SKU,Image Src\r\na,"two\nlines",A,https://x.example/a.jpg\r\n'
        "b,,,\rc,C,C,s3://b/c.jpg,\nd,D\ne,E,C,s3://b/e.jpg\nf,F,F,s3://b/f/\n"
    )
    told = refused(content)
    assert [(row, column) for row, column, _ in told] == [
        (2, "source"),
        (6, ""),
        (7, "external_id"),
        (8, "source"),
    ]
    assert "--rewrite https://x.example/=s3://BUCKET/" in told[0][2]
    assert told[1][2] == "has 2 cells, the first line has 4"


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ('1,"s3://b/a.jpg\n2,s3://b/b.jpg\n', (2, "is no well-formed CSV")),
        ('1,s3://b/a.jpg\n2,"s3://b/"b.jpg\n', (3, "is no well-formed CSV")),
        ("1,s3://b/a.jpg\r\r\n2,s3://b/b.jpg,x\r", (4, "has 3 cells, the first line has 2")),
        ("1,s3://b/a.jpg\n2,s3://b/\0.jpg\n", (3, "holds NUL bytes")),
        ("1,s3://b/a.jpg\n1,s3://b/b.jpg\n", (3, "1 is also the id of row 2")),
        ("=1+1,s3://b/a.jpg\n2,=HYPERLINK(1)\n", (3, "is a path and no s3:// address")),
        ("1,//cdn.example/a.jpg\n", (2, "is a path and no s3:// address")),
        ("1,https://[::1/a.jpg\n", (2, "'https://[::1' is not in S3")),
    ],
)
def test_what_a_shop_broke_is_told_by_its_line(refused, rows, told):
    """Wrong quotes, mixed line ends, NUL bytes, formulas, ids given twice."""
    ((row, _, message),) = refused(f"id,image_link\n{rows}")
    assert (row, message[: len(told[1])]) == told


def test_a_column_that_is_given_twice_is_read_twice(read, tmp_path):
    """Google's feeds may have ten columns of additional pictures; of two names the first counts."""
    head = "id,id,image_link,additional_image_link,additional_image_link"
    (tmp_path / "m.csv").write_text(f"{head}\n1,x,s3://b/1.jpg,s3://b/2.jpg,s3://b/3.jpg\n")
    specs, _, _ = read(tmp_path / "m.csv")
    assert list(named(specs)) == ["1", "1#2", "1#3"]


def test_the_shops_own_text_may_be_in_any_encoding(refused, tmp_path, read):
    """Only what is read of a row must be UTF-8."""
    content = b"id,image_link,title\n1,s3://b/a.jpg,Caf\xe9\n2,s3://b/\xe9.jpg,x\n"
    ((row, _, message),) = refused(content)
    assert (row, message.startswith("is no UTF-8 text")) == (3, True)


def test_a_million_characters_of_description_are_the_shops(refused):
    """Up to the longest row; beyond it, that row is one problem."""
    head = "id,image_link,description\n"
    assert refused(f"{head}1,s3://b/a.jpg,{'x' * 900_000}\n2,s3://b/b.jpg,=1+1\n") == []
    ((row, _, message),) = refused(f"{head}1,s3://b/a.jpg,{'x' * 1_000_000}\n2,s3://b/b.jpg,\n")
    assert (row, message) == (2, "is over 1,000,000 characters")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_spreadsheets_encoding_is_read(read, tmp_path, encoding):
    """UTF-16 with its mark, UTF-8 with one."""
    text = "id\timage_link\ttitle\n1\ts3://b/ä.jpg\tö\n"
    (tmp_path / "m.txt").write_bytes(text.encode(encoding))
    specs, taken, _ = read(tmp_path / "m.txt")
    assert (taken, named(specs)) == ("google", {"1": "s3://b/ä.jpg"})


def test_a_catalogue_without_a_picture_says_why_it_is_empty(read, tmp_path):
    """Rows that were left out are counted in the error."""
    (tmp_path / "m.csv").write_text("id,image_link\n1,\n2,\n")
    with pytest.raises(
        ManifestEmpty, match="2 rows name no picture and were left out: row 2, row 3"
    ):
        read(tmp_path / "m.csv")


def test_a_wrong_catalogue_says_what_it_was_taken_for(store, tmp_path):
    """The guess is the likeliest mistake."""
    (tmp_path / "m.csv").write_text("id,image_link\n1,http://b\n")
    with (
        pytest.raises(ManifestInvalid) as error,
        open_manifest(str(tmp_path / "m.csv"), STYLE, store),
    ):
        pass
    taken = error.value.report()["details"]["catalogue"]
    assert taken == {
        "format": "google",
        "title": "Google product feed",
        "sku": ["id"],
        "image": ["image_link"],
        "has_columns": True,
    }
