"""Submission against a real Redis and a real S3: whole, repeatable, recorded."""

import json
import threading

import pytest

from producer.manifest import open_manifest
from producer.record import batch_address, manifest_address, style_address
from producer.submission import Submission
from producer.submit import new_batch_id, submit
from shared.allowed import AllowedPlaces
from shared.board import StatusBoard
from shared.dispatch import Dispatcher
from shared.errors import (
    AccessDenied,
    AddressInvalid,
    BatchExists,
    BatchIdInvalid,
    BatchUnknown,
    BucketMissing,
    LabelUnknown,
    ManifestEmpty,
    ManifestInvalid,
    ModelMissing,
    PlaceNotAllowed,
    RedisUnreachable,
    RestyleError,
    StyleInvalid,
    StyleUnreadable,
)
from shared.jobs import Batch
from shared.queue import Publisher, celery_app
from shared.s3 import ObjectStore
from shared.settings import Settings
from shared.states import ItemState
from shared.styles import load_style
from tests.installation import DEMO_MODELS
from tests.labelled import write_labelled

MODELS = {"segmenter": "clipseg", "painter": "inpaint"}


class Desk:
    """Where a person submits: a folder, a bucket, a board."""

    def __init__(self, folder, bucket, settings, store):
        self.folder, self.bucket, self.settings, self.store = folder, bucket, settings, store
        self.board = StatusBoard.connect(settings)
        self.queue = celery_app(settings)
        self.dispatcher = Dispatcher(self.board, Publisher(self.queue), settings)
        self.model = folder / "model"
        self.model.mkdir()
        (self.model / "config.json").write_text("{}")
        (self.model / "weights.safetensors").write_bytes(b"\0" * 16)
        self.style = self.written("spring.yaml", self.style_text())

    @property
    def output(self) -> str:
        """Where results go."""
        return f"s3://{self.bucket.name}/out/"

    def close(self):
        """Give connections back."""
        self.queue.close()
        self.board.close()

    def style_text(self, **fields) -> str:
        """A good style with changes."""
        models = {"segmenter": str(self.model), "painter": str(self.model)}
        return json.dumps({"mask": "the dress", "paint": "a red dress"} | models | fields)

    def written(self, name, text):
        """A file of the desk."""
        path = self.folder / name
        path.write_text(text)
        return path

    def rows(self, *rows) -> str:
        """A manifest of rows on the one source."""
        lines = [json.dumps({"source": f"s3://{self.bucket.name}/a.jpg"} | row) for row in rows]
        return str(self.written("manifest.jsonl", "\n".join(lines)))

    def request(self, manifest=None, **fields) -> Submission:
        """A good submission with changes."""
        manifest = manifest or self.rows({"external_id": "A"}, {"external_id": "B", "seed": 7})
        fields = {"style": self.style, "output": self.output, "batch_id": "spring"} | fields
        return Submission(manifest, **fields)

    def submit(self, *args, dispatch=None, progress=lambda _what, _rows: None, **fields):
        """Submit it."""
        request = self.request(*args, **fields)
        dispatch = dispatch or self.dispatcher.step
        cache = self.folder / "cache"
        return submit(
            request, self.board, self.store, dispatch=dispatch, cache=cache, progress=progress
        )


@pytest.fixture(scope="module")
def store(rclone_server):
    """One store for all: making a client takes longer than most tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in rclone_server.environment.items():
            patch.setenv(name, value)
        return ObjectStore.connect()


@pytest.fixture
def desk(restyle_environment, redis_server, bucket, tmp_path, store):
    """A desk whose bucket holds one source."""
    (bucket / "a.jpg").write_bytes(b"a picture")
    desk = Desk(tmp_path, bucket, Settings(), store)
    yield desk
    desk.close()


def test_a_submission_becomes_waiting_items_and_a_record(desk):
    """Rows, style and models stand on the board and in S3 as they were checked."""
    hooks = ("https://shop.example/hook",)
    receipt = desk.submit(lane="urgent", priority=9, webhooks=hooks)
    batch = receipt.status.batch
    assert not receipt.repeated
    assert receipt.delay == ""
    assert receipt.status.sealed
    assert receipt.status.counts[ItemState.QUEUED] == batch.total == 2
    assert (batch.lane, batch.priority, batch.output) == ("urgent", 9, desk.output)
    assert batch.webhooks == hooks
    specs = [item.spec for item in desk.board.items("spring")]
    assert [(spec.external_id, spec.overrides) for spec in specs] == [("A", {}), ("B", {"seed": 7})]
    model = batch.models[str(desk.model)]
    assert (model.kind, len(model.digest)) == ("directory", 64)


def test_the_record_in_s3_can_be_submitted_again(desk):
    """A batch is whole in S3: itself, its style, its rows."""
    batch = desk.submit().status.batch
    recorded = desk.store.get(batch_address(desk.output, "spring"))
    assert Batch.model_validate_json(recorded) == batch
    style = desk.folder / "copy.yaml"
    style.write_bytes(desk.store.get(style_address(batch)))
    assert load_style(style) == batch.style
    again = desk.submit(str(manifest_address(batch)), style=style)
    assert again.repeated


def test_a_step_of_the_dispatcher_runs_at_once(desk):
    """Idle workers hear of a batch when it is submitted, not at the next tick."""
    desk.submit()
    assert Publisher(desk.queue).backlog() == 2


def test_a_batch_stands_even_where_the_broker_is_away(desk):
    """Messages are hints: the batch is submitted, and the receipt says why nobody heard yet."""
    away = Settings(broker_url="redis://127.0.0.1:1/0")
    queue = celery_app(away)
    receipt = desk.submit(dispatch=Dispatcher(desk.board, Publisher(queue), away).step)
    queue.close()
    assert "127.0.0.1:1" in receipt.delay
    assert desk.board.status("spring").sealed


def test_the_same_submission_again_adds_nothing(desk):
    """Idempotent under a batch id, however the rows are written down."""
    first = desk.submit()
    source = f"s3://{desk.bucket.name}/a.jpg"
    csv = f"external_id;seed;source\nA;;{source}\nB;7;{source}\n"
    again = desk.submit(str(desk.written("same.csv", csv)))
    assert again.repeated
    assert again.status.batch == first.status.batch
    assert len(desk.board.items("spring")) == 2


def test_the_same_submission_again_needs_no_models(desk):
    """A repeat is answered from the board, though the models have moved since."""
    desk.submit()
    (desk.model / "weights.safetensors").unlink()
    assert desk.submit().repeated


@pytest.mark.parametrize("difference", ["manifest", "style", "output"])
def test_another_submission_under_a_taken_id_is_refused(desk, difference):
    """An id never changes its meaning."""
    desk.submit()
    other = {
        "manifest": {"manifest": desk.rows({"external_id": "C"})},
        "style": {"style": desk.written("other.yaml", desk.style_text(seed=1))},
        "output": {"output": f"s3://{desk.bucket.name}/elsewhere"},
    }
    with pytest.raises(BatchExists, match=f"{difference} differs"):
        desk.submit(**other[difference])
    assert len(desk.board.items("spring")) == 2


@pytest.mark.parametrize(
    ("wish", "difference"),
    [
        ({"masks_only": True}, "gate"),
        ({"lines": {"gate_pieces": 3}}, "gate"),
        ({"lines": {"review": "required", "gate": "off"}}, "gate and review"),
    ],
)
def test_another_way_to_wait_for_people_is_another_submission(desk, wish, difference):
    """Who wants to see what was submitted to go out unseen must hear that nothing is held."""
    desk.submit()
    if lines := wish.pop("lines", None):
        wish = {"style": desk.written("other.yaml", desk.style_text(**lines))}
    with pytest.raises(BatchExists, match=f"{difference} differs"):
        desk.submit(**wish)


class Crash(Exception):
    """The host went down."""


def test_a_submission_that_died_midway_is_completed_by_repeating_it(desk):
    """Until it is sealed nobody renders a batch; repeating adds what is missing, once."""

    def crash(what, _rows):
        if what == "queued":
            raise Crash

    with pytest.raises(Crash):
        desk.submit(progress=crash)
    left = desk.board.status("spring")
    assert not left.sealed
    receipt = desk.submit()
    assert not receipt.repeated
    assert receipt.status.sealed
    assert receipt.status.batch == left.batch
    assert receipt.status.counts[ItemState.QUEUED] == len(desk.board.items("spring")) == 2


def test_a_lost_board_gets_the_batch_as_it_was_recorded(desk):
    """The record in S3 outlives Redis, and guards the id."""
    first = desk.submit().status.batch
    lost = desk.board
    desk.board = StatusBoard.connect(Settings(namespace=desk.settings.namespace + "-new"))
    with pytest.raises(BatchExists):
        desk.submit(desk.rows({"external_id": "C"}))
    receipt = desk.submit(dispatch=lambda: None)
    assert not receipt.repeated
    assert receipt.status.batch == first
    lost.close()


def test_of_two_that_race_for_an_id_one_wins_and_owns_the_record(desk):
    """Board and record belong to the same submission, whoever was first."""
    row = f"s3://{desk.bucket.name}/a.jpg"
    manifests = [
        str(desk.written(f"{name}.csv", f"source,external_id\n{row},{name}\n")) for name in "ab"
    ]
    outcomes, start = [], threading.Barrier(2)

    def run(manifest):
        start.wait()
        try:
            outcomes.append(desk.submit(manifest, dispatch=lambda: None).status.batch)
        except RestyleError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=run, args=(manifest,)) for manifest in manifests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [one for one in outcomes if isinstance(one, Batch)]
    (loser,) = [one for one in outcomes if not isinstance(one, Batch)]
    assert isinstance(loser, BatchExists)
    assert desk.board.status("spring").batch == winner
    recorded = desk.store.get(batch_address(desk.output, "spring"))
    assert Batch.model_validate_json(recorded) == winner
    rows = desk.store.get(manifest_address(winner)).decode()
    assert json.loads(rows)["external_id"] == desk.board.items("spring")[0].spec.external_id


def test_a_prefix_lists_its_images_with_their_etags(desk):
    """Sources are pinned by the listing; folders, other files and earlier results are no rows."""
    stored = ("in/b.PNG", "in/deep/c.webp", "in/notes.txt", "in/out/old.jpg", "in/out/old.json")
    for name in (*stored, "in/deep/d.pdf", "in/e", "in/.DS_Store"):
        path = desk.bucket / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"picture")
    place = f"s3://{desk.bucket.name}/in"
    receipt = desk.submit(place + "/", output=place + "/out")
    specs = [item.spec for item in desk.board.items("spring")]
    assert [spec.external_id for spec in specs] == ["in/b.PNG", "in/deep/c.webp"]
    assert all(spec.etag and spec.size == 7 for spec in specs)
    (note,) = receipt.notes
    assert note.startswith("4 objects under the prefix were left out, as their names end in none")
    assert note.endswith(".webp: .DS_Store, deep/d.pdf, e, …")


def test_a_prefix_without_images_says_what_it_holds(desk):
    """Nothing to do is told with what was taken for none."""
    (desk.bucket / "in").mkdir()
    (desk.bucket / "in" / "a.heic").write_bytes(b"picture")
    with pytest.raises(ManifestEmpty, match=r"1 object .* was left out, as its name .*: a\.heic\."):
        desk.submit(f"s3://{desk.bucket.name}/in/")


def test_a_prompt_that_is_no_label_stops_a_submission(desk):
    """Of the style and of rows, with the rows and what is near; nothing is queued."""
    labelled = str(write_labelled(desk.folder / "clothes"))
    style = desk.written("wrong.yaml", desk.style_text(segmenter=labelled, mask="the red dress"))
    with pytest.raises(LabelUnknown, match="did you mean Dress"):
        desk.submit(style=style)
    style = desk.written("good.yaml", desk.style_text(segmenter=labelled, protect="the shoes"))
    mask = f"s3://{desk.bucket.name}/a.jpg"
    rows = [
        {"external_id": "a", "mask_prompt": "hair"},
        {"external_id": "b", "mask_prompt": "hare"},
    ]
    rows += [{"external_id": "c", "protect_prompts": ["hair", "zebras"]}]
    rows += [{"external_id": "d", "mask_prompt": "zebras", "mask": mask}]
    with pytest.raises(ManifestInvalid) as caught:
        desk.submit(desk.rows(*rows), style=style)
    assert [(one["row"], one["column"]) for one in caught.value.facts["problems"]] == [
        (2, "mask_prompt"),
        (3, "protect_prompts"),
    ]
    assert 'knows no label "hare" (did you mean Hair?)' in str(caught.value)
    assert desk.board.batches() == []
    receipt = desk.submit(desk.rows(rows[0]), style=style)
    shoes = '"the shoes" is taken for the segmenter\'s Left-shoe and Right-shoe'
    assert receipt.notes == (shoes,)


def test_notes_of_rows_are_told_once_for_all_of_them(desk):
    """A prompt that is cut off and a list that is none, with the first items and their number."""
    models = {name: str(DEMO_MODELS / folder) for name, folder in MODELS.items()}
    style = desk.written("s.yaml", desk.style_text(**models, protect="the face|the hair"))
    long = " ".join(["red"] * 90)
    rows = [{"external_id": f"long {number}", "prompt": f"{long} {number}"} for number in range(5)]
    rows += [{"external_id": "one", "negative_prompt": long}, {"external_id": "good", "seed": 1}]
    rows += [{"external_id": "list", "mask_prompt": ["the dress, the belt"]}]
    receipt = desk.submit(desk.rows(*rows), style=style)
    assert receipt.notes == (
        "protect_prompts holds one prompt with a '|': write a list to name several",
    )
    many, one, run_together = map(str, receipt.row_notes)
    told = "long 0, long 1, long 2 and 2 more: the painter reads 77 tokens of the prompt"
    assert many == told
    assert one.startswith("one: the painter reads 77 tokens of the negative prompt; cut:")
    assert run_together == (
        "list: mask_prompt holds one prompt with a ',': write a list to name several"
    )


def test_a_manifest_may_lie_in_s3(desk):
    """A pipeline hands over its rows where its pictures are, with a spreadsheet's mark and ends."""
    rows = f"\ufeffsource\r\ns3://{desk.bucket.name}/a.jpg\r\n"
    (desk.bucket / "rows.csv").write_bytes(rows.encode())
    receipt = desk.submit(f"s3://{desk.bucket.name}/rows.csv")
    assert receipt.status.batch.total == 1


def test_an_id_that_we_make_up_is_readable_and_sorts_by_time(desk):
    """Date, time, the style's name, and something that tells two of one second apart."""
    receipt = desk.submit(batch_id=None)
    batch_id = receipt.status.batch.batch_id
    assert batch_id.split("-")[2] == "spring"
    assert new_batch_id("Größe  XL!").split("-")[2:-1] == ["gr", "e", "xl"]
    assert batch_id[:8] <= new_batch_id("")[:8]


WRONG = {
    "a row": (ManifestInvalid, lambda desk: {"manifest": desk.rows({"steps": 0})}),
    "no rows": (ManifestEmpty, lambda desk: {"manifest": f"s3://{desk.bucket.name}/empty/"}),
    "a bucket of a row": (
        ManifestInvalid,
        lambda desk: {"manifest": desk.rows({"source": "s3://no-such-bucket/a.jpg"})},
    ),
    "the output's bucket": (BucketMissing, lambda _desk: {"output": "s3://no-such-bucket/out/"}),
    "the output's address": (AddressInvalid, lambda _desk: {"output": "/tmp/out"}),
    "an output without room for names": (
        AddressInvalid,
        lambda desk: {"output": desk.output + "x" * 800},
    ),
    "an output among the sources": (
        AddressInvalid,
        lambda desk: {
            "manifest": f"s3://{desk.bucket.name}/in/",
            "output": f"s3://{desk.bucket.name}/in",
        },
    ),
    "the style": (
        StyleInvalid,
        lambda desk: {"style": desk.written("s.yaml", desk.style_text(steps=0))},
    ),
    "the style's file": (StyleUnreadable, lambda desk: {"style": desk.folder / "none.yaml"}),
    "a model": (
        ModelMissing,
        lambda desk: {"manifest": desk.rows({"painter": str(desk.folder / "nowhere")})},
    ),
    "the id": (BatchIdInvalid, lambda _desk: {"batch_id": "a/b"}),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_found_before_anything_is_queued(desk, wrong):
    """One mistake anywhere, and no batch exists."""
    error, change = WRONG[wrong]
    with pytest.raises(error):
        desk.submit(**change(desk))
    assert desk.board.batches() == []
    with pytest.raises(BatchUnknown):
        desk.board.status("spring")


def test_all_missing_buckets_are_told_together(desk):
    """Each with the first of its rows, whether it is a source's or a mask's."""
    manifest = desk.rows(
        {"external_id": "A"},
        {"external_id": "B", "source": "s3://no-such-one/b.jpg"},
        {"external_id": "C", "source": "s3://no-such-one/c.jpg"},
        {"external_id": "D", "mask": "s3://no-such-two/d.png"},
    )
    with pytest.raises(ManifestInvalid) as error:
        desk.submit(manifest)
    assert error.value.facts["problems"] == [
        {"row": 2, "column": "source", "message": "there is no bucket no-such-one"},
        {"row": 4, "column": "mask", "message": "there is no bucket no-such-two"},
    ]


ARCHIVE = f"s3://models/painter.tar#sha256={'0' * 64}"
FORBIDDEN = {
    "the output": lambda desk: {"output": f"s3://{desk.bucket.name}/elsewhere/"},
    "the manifest": lambda desk: {"manifest": f"s3://{desk.bucket.name}/rows.csv"},
    "a prefix": lambda desk: {"manifest": f"s3://{desk.bucket.name}/"},
    "a model": lambda desk: {
        "manifest": desk.rows({"source": f"s3://{desk.bucket.name}/in/a.jpg"}),
        "style": desk.written("s.yaml", desk.style_text(painter=ARCHIVE)),
    },
}


@pytest.mark.parametrize("place", FORBIDDEN)
def test_what_lies_outside_of_the_allowed_places_is_refused(desk, place):
    """Output, manifest, listing and models keep to them, and nothing is queued."""
    allowed = AllowedPlaces.parse(f"s3://{desk.bucket.name}/in/", desk.output)
    desk.store = ObjectStore.connect(allowed=allowed)
    with pytest.raises(PlaceNotAllowed):
        desk.submit(**FORBIDDEN[place](desk))
    assert desk.board.batches() == []


def test_wrong_credentials_are_found_before_anything_is_queued(desk, monkeypatch):
    """An output that may not be written is told at submission, not by every item."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    desk.store = ObjectStore.connect()
    with pytest.raises(AccessDenied):
        desk.submit()
    assert desk.board.batches() == []


def test_a_board_that_is_away_is_told_before_anything_else(desk):
    """Nobody waits for a manifest's check to learn that Redis is down."""
    desk.board.close()
    desk.board = StatusBoard.connect(Settings(redis_url="redis://127.0.0.1:1/0"))
    with pytest.raises(RedisUnreachable):
        desk.submit("nothing.csv")


def test_progress_tells_what_was_checked_and_queued(desk):
    """Long manifests are not silent."""
    told = []
    rows = desk.rows(*({"external_id": f"{number}"} for number in range(10_001)))
    desk.submit(rows, progress=lambda what, count: told.append((what, count)))
    assert told[0] == ("checked", 10_000)
    assert told[-1] == ("queued", 10_001)
    with open_manifest(rows, load_style(desk.style), desk.store) as manifest:
        assert manifest.total == desk.board.status("spring").batch.total
