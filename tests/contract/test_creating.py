"""Batches made over HTTP: the command line's rules, and nothing of this host's disk is read."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from producer.backoffice import submissions
from producer.backoffice.bodies import described
from producer.backoffice.submissions import MAX_BYTES, SubmissionBody
from shared.errors import KeyReused, ModelNotAllowed, RowsTooMany

BATCHES, PLANS = "/api/v1/batches", "/api/v1/plans"


class Counter:
    """Where a program submits: a bucket with one source and one model."""

    def __init__(self, client, bucket):
        self.client, self.bucket = client, bucket
        (bucket / "a.jpg").write_bytes(b"a picture")
        (bucket / "model.tar").write_bytes(b"an archive")
        self.root = f"s3://{bucket.name}/"
        model = f"{self.root}model.tar#sha256={'0' * 64}"
        self.style = {"mask": "the dress", "paint": "a red dress"}
        self.style |= {"segmenter": model, "painter": model}

    def body(self, **changes) -> dict[str, object]:
        """A good submission with changes; None leaves a field out."""
        rows = [{"source": f"{self.root}a.jpg", "external_id": name} for name in "AB"]
        body = {"rows": rows, "style": self.style, "output": f"{self.root}out/"} | changes
        return {name: value for name, value in body.items() if value is not None}

    def post(self, path=BATCHES, key=None, **changes):
        """Submit it."""
        headers = {"Idempotency-Key": key} if key else {}
        return self.client.post(path, json=self.body(**changes), headers=headers)

    def refused(self, **changes) -> str:
        """The code with which it is refused; nothing is submitted."""
        answer = self.post(**changes)
        assert self.client.get(BATCHES).json()["batches"] == []
        return answer.json()["code"]


@pytest.fixture
def counter(client, bucket):
    """A counter over the test's own board and bucket."""
    return Counter(client, bucket)


# --- batches and plans ------------------------------------------------------------------------


def test_rows_become_a_batch(counter, board):
    """201, the path of the batch, its roll-up and its plan; what was asked stands on the board."""
    answer = counter.post(
        lane="urgent", priority=9, max_items=5, pilot=1, promote_at=90, window="22:00-06:00"
    )
    told = answer.json()
    assert (answer.status_code, told["repeated"], told["plan"]["new"]) == (201, False, 2)
    name = told["batch"]["batch"]
    assert answer.headers["location"] == f"{BATCHES}/{name}"
    batch = board.status(name).batch
    assert (batch.lane, batch.priority, batch.total) == ("urgent", 9, 2)
    assert (batch.brakes.caps.items, batch.brakes.pilot.promote_share) == (5, 0.9)
    assert (batch.window.cron, batch.window.seconds) == ("0 22 * * *", 8 * 3_600)
    assert [item.spec.external_id for item in board.items(name)] == ["A", "B"]
    assert "restyle-" not in answer.text  # no name of a temporary folder is anybody's business


def test_a_manifest_in_s3_becomes_a_batch_and_repeating_it_does_not(counter):
    """Under one batch id the same is 200, and something else is refused."""
    (counter.bucket / "rows.csv").write_text(f"source\n{counter.root}a.jpg\n")
    fields = {"rows": None, "manifest": f"{counter.root}rows.csv", "batch_id": "spring"}
    assert counter.post(**fields).status_code == 201
    again = counter.post(**fields)
    assert (again.status_code, again.json()["repeated"]) == (200, True)
    other = counter.post(**fields | {"style": counter.style | {"seed": 7}})
    assert (other.status_code, other.json()["code"]) == (409, "batch_exists")


def test_masks_first_is_the_style_with_every_mask_held(counter, board):
    """The rest of the style is as it was asked for."""
    name = counter.post(masks_only=True).json()["batch"]["batch"]
    style = board.status(name).batch.style
    assert (style.gate, style.prompt) == ("hold", "a red dress")


def test_a_style_is_named_from_the_folder_of_styles(counter, office, tmp_path):
    """Its directories of models may be named then, and by rows too; other ones may not."""
    model = tmp_path / "tuned"
    model.mkdir()
    (model / "weights.safetensors").write_bytes(b"\0" * 16)
    folder = tmp_path / "styles"
    folder.mkdir()
    fields = counter.style | {"painter": str(model)}
    (folder / "spring.yaml").write_text(json.dumps(fields))
    assert counter.refused(style=fields) == ModelNotAllowed.code
    settings = office.settings.model_copy(update={"styles": folder})
    counter.client.app.state.office = replace(office, settings=settings)
    assert counter.refused(style="../spring") == "style_unreadable"
    row = {"source": f"{counter.root}a.jpg", "painter": str(tmp_path)}
    assert counter.refused(style="spring", rows=[row]) == ModelNotAllowed.code
    made = counter.post(style="spring", rows=[row | {"painter": str(model)}])
    assert (made.status_code, made.json()["batch"]["style"]) == (201, "spring")


def test_a_plan_tells_what_would_be_rendered_and_queues_nothing(counter):
    """The same numbers as `restyle plan --json`."""
    told = counter.post(PLANS).json()
    assert (told["new"], told["changed"], told["forecast"]["images"]) == (2, 0, 2)
    assert counter.client.get(BATCHES).json()["batches"] == []


# --- what is refused --------------------------------------------------------------------------


REFUSALS = [
    ({"rows": None, "manifest": "/etc/passwd.csv"}, "address_invalid"),
    ({"rows": None, "manifest": "rows.csv"}, "address_invalid"),
    ({"rows": None, "manifest": "file:///etc/passwd.csv"}, "address_invalid"),
    ({"rows": None, "manifest": "https://shop.example/rows.csv"}, "address_invalid"),
    ({"rows": None}, "request_invalid"),
    ({"manifest": "s3://shop/rows.csv"}, "request_invalid"),
    ({"style": "/etc/passwd"}, "style_unreadable"),
    ({"style": {"mask": "the dress"}}, "style_invalid"),
    ({"output": None}, "output_missing"),
    ({"output": "/tmp/out/"}, "address_invalid"),
    ({"rows": []}, "manifest_empty"),
    ({"rows": [{"source": "/etc/passwd"}]}, "manifest_invalid"),
    ({"rows": [{"source": "https://shop.example/a.jpg"}]}, "manifest_invalid"),
    ({"rows": [{"sourse": "s3://shop/a.jpg"}]}, "manifest_invalid"),
    ({"window": "night"}, "window_invalid"),
    ({"promote_at": 90}, "request_invalid"),
    ({"webhooks": ["file:///etc/passwd"]}, "webhook_invalid"),
    ({"colour": "red"}, "request_invalid"),
]


def test_what_cannot_be_is_refused_before_anything_is_queued(counter):
    """In the words of the command line; a path of this host is no manifest, and nobody's URL."""
    told = [(changes, counter.refused(**changes)) for changes, _ in REFUSALS]
    assert told == REFUSALS


def test_a_model_on_this_hosts_disk_is_not_looked_at(counter):
    """403, whether there is such a directory or not."""
    for reference in ("/etc", "~root", "./models", "models"):
        style = counter.style | {"segmenter": reference}
        assert counter.refused(style=style) == "model_not_allowed"


def test_wrong_rows_are_told_without_the_file_that_they_were_spooled_to(counter):
    """Rows count from 1, as the request lists them."""
    told = counter.post(rows=[{"source": f"{counter.root}a.jpg"}, {"seed": "many"}]).json()
    assert told["manifest"] == submissions.ROWS
    assert {problem["row"] for problem in told["problems"]} == {2}
    assert "restyle-" not in json.dumps(told)


def test_too_much_is_sent_to_s3(counter):
    """A body is bounded in rows and in bytes; neither is read to its end."""
    rows = [{"source": "s3://shop/a.jpg"}] * (submissions.MAX_ROWS + 1)
    told = counter.post(rows=rows)
    assert (told.status_code, told.json()["code"]) == (413, RowsTooMany.code)
    assert "S3" in told.json()["hint"]
    much = counter.client.post(BATCHES, content=b" " * (MAX_BYTES + 1))
    assert (much.status_code, much.json()["code"]) == (413, "body_too_large")
    parts = (b" " * 1_000_000 for _ in range(MAX_BYTES // 1_000_000 + 1))  # its length is not told
    assert counter.client.post(BATCHES, content=parts).status_code == 413


def test_what_is_no_submission_is_told(counter):
    """Whatever the bytes are."""
    for content in (b"", b"[]", b"{", b'{"rows": 1}', b"\xff", b'"\\ud800"'):
        answer = counter.client.post(BATCHES, content=content)
        assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid"), content


def test_a_bodys_schema_stands_alone():
    """A reference into another part would lead nowhere in the OpenAPI document."""
    assert "$ref" not in json.dumps(described(SubmissionBody))


# --- requests that come again -----------------------------------------------------------------


def test_a_request_that_comes_again_gets_its_batch(counter, bucket):
    """Also when its manifest has changed meanwhile: what was asked for was done."""
    first = counter.post(key="one")
    again = counter.post(key="one")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["batch"]["batch"] == first.json()["batch"]["batch"]
    assert again.json()["repeated"] is True
    (bucket / "a.jpg").unlink()
    assert counter.post(key="one").status_code == 200
    assert counter.post(key="two", force=True).json()["batch"] != first.json()["batch"]


def test_a_key_belongs_to_its_request(counter):
    """409 for another body, and nothing is queued for it."""
    counter.post(key="one")
    other = counter.post(key="one", priority=5)
    assert (other.status_code, other.json()["code"]) == (409, KeyReused.code)
    assert len(counter.client.get(BATCHES).json()["batches"]) == 1


def test_equal_requests_at_once_make_one_batch(counter):
    """Whichever comes first makes it; the others wait and are told of it."""
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: counter.post(key="one"), range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json()["batch"]["batch"] for answer in answers}) == 1


def test_a_refused_request_may_be_corrected_under_its_key(counter):
    """Nothing was made of it, so nothing would be doubled."""
    assert counter.post(key="one", rows=[{"seed": 1}]).status_code == 422
    assert counter.post(key="one").status_code == 201


def test_no_file_is_left_of_a_requests_rows(counter, tmp_path, monkeypatch):
    """Refused or submitted."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = set(Path(tmp_path).iterdir())
    counter.post()
    counter.post(rows=[{"seed": 1}])
    assert set(Path(tmp_path).iterdir()) == before
