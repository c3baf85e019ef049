"""Steering, schedules, styles, workers and results over HTTP, on the real Redis and S3."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from infra.demo import services
from shared.board import StatusBoard
from shared.keys import S3Address
from shared.settings import Settings

BATCH = "/api/v1/batches/spring"
MODELS = Path(services.__file__).parent / "models"
STYLE = (
    "mask: the dress\npaint: a red dress\n"
    f"segmenter: {MODELS / 'clipseg'}\npainter: {MODELS / 'inpaint'}\n"
)


def test_a_batch_is_paused_and_goes_on_and_is_cancelled(client, submit):
    """Each answers with how the batch stands then, as the command line would show it."""
    submit(total=3)
    phases = [
        client.post(f"{BATCH}/{act}").json()["phase"] for act in ("pause", "resume", "cancel")
    ]
    assert phases == ["paused", "queued", "cancelled"]
    again = client.post(f"{BATCH}/resume")
    assert (again.status_code, again.json()["code"]) == (409, "batch_cancelled")


def test_the_rest_follows_a_pilot_that_is_promoted(client, submit):
    """A batch without a pilot stays as it is."""
    submit(total=3, brakes={"pilot": {"items": 1}})
    assert client.get(BATCH).json()["pilot"] is True
    assert client.post(f"{BATCH}/promote").json()["pilot"] is False
    assert client.post(f"{BATCH}/promote").status_code == 200


def test_failed_items_are_queued_again(client, submit, board, failure):
    """All, some by their numbers, or those of a code; a misspelt code is said so."""
    submit(total=3)
    for number in range(3):
        board.finish(board.claim("spring", number, "w", 60), failure)
    assert client.post(f"{BATCH}/retry", json={"numbers": []}).json() == {"queued": 0}
    assert client.post(f"{BATCH}/retry", json={"numbers": [1]}).json() == {"queued": 1}
    wrong = client.post(f"{BATCH}/retry", json={"codes": ["mask_emty"]}).json()
    assert wrong["code"] == "code_unknown"
    assert client.post(f"{BATCH}/retry", json={"codes": ["mask_empty"]}).json() == {"queued": 2}
    unfailed = client.post(f"{BATCH}/retry", json={"numbers": [1]})
    assert (unfailed.status_code, unfailed.json()["code"]) == (409, "item_not_failed")


def test_results_are_saved_as_they_stand(client, submit, board, result, failure):
    """One row per item, in both formats; a batch that is not there is a problem, no empty file."""
    submit(total=3)
    board.finish(board.claim("spring", 0, "w", 60), result)
    board.finish(board.claim("spring", 1, "w", 60), failure)
    answer = client.get(f"{BATCH}/results")
    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert [row["state"] for row in rows] == ["done", "failed", "queued"]
    assert answer.headers["content-disposition"] == 'attachment; filename="spring.results.jsonl"'
    table = csv.DictReader(io.StringIO(client.get(f"{BATCH}/results?format=csv").text))
    assert [row["code"] for row in table] == ["", "mask_empty", ""]
    assert client.get("/api/v1/batches/none/results").json()["code"] == "batch_unknown"


@pytest.fixture
def wish(store, bucket, app, office, client) -> dict[str, object]:
    """A schedule whose style, models, manifest and output are there."""
    settings = office.settings.model_copy(update={"model_folders": str(MODELS)})
    app.state.office = replace(office, settings=settings)
    home = S3Address(bucket.name, "")
    store.put(home.join("style.yaml"), STYLE.encode(), content_type="application/yaml")
    rows = b"external_id,source\nsku-1,s3://shop/1.jpg\n"
    store.put(home.join("rows.csv"), rows, content_type="text/csv")
    return {
        "name": "nightly",
        "cron": "0 1 * * *",
        "timezone": "Europe/Paris",
        "manifest": str(home.join("rows.csv")),
        "style": str(home.join("style.yaml")),
        "output": str(home.join("out/")),
        "window": "6h",
    }


def test_a_schedule_is_kept_paused_run_and_removed(client, wish):
    """As `restyle schedule` does it, with the same facts."""
    kept = client.post("/api/v1/schedules", json=wish)
    assert (kept.status_code, kept.json()["window_seconds"]) == (201, 6 * 3600)
    assert kept.json()["words"] == "At 01:00 every day"
    taken = client.post("/api/v1/schedules", json=wish)
    assert (taken.status_code, taken.json()["code"]) == (409, "schedule_exists")
    named = "/api/v1/schedules/nightly"
    assert client.post(f"{named}/pause").json()["condition"] == "paused"
    assert client.post(f"{named}/resume").json()["condition"] == "active"
    asked = client.post(f"{named}/run").json()
    told = client.get(named).json()
    assert [run["batch"] for run in told["runs"]] == [asked["batch"]]
    (listed,) = client.get("/api/v1/schedules").json()["schedules"]
    assert (listed["name"], len(listed["next"])) == ("nightly", 5)
    assert client.delete(named).status_code == 204
    assert client.get(named).json()["code"] == "schedule_unknown"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"window": "soon"}, "schedule_invalid"),
        ({"cron": "61 * * * *"}, "schedule_invalid"),
        ({"style": "summer"}, "style_unreadable"),
        ({"style": "../../etc/passwd"}, "style_unreadable"),
        ({"style": {"mask": "the dress"}}, "style_invalid"),
        ({"style": {"mask": "the dress", "paint": "red", "painter": "/etc"}}, "model_not_allowed"),
        ({"manifest": "/etc/passwd"}, "schedule_invalid"),
        ({"output": None}, "output_missing"),
        ({"windows": "6h"}, "request_invalid"),
    ],
)
def test_a_schedule_that_could_not_run_is_refused(client, wish, changes, code):
    """What a client names is in S3 or among the operator's styles: no file of this host."""
    answer = client.post("/api/v1/schedules", json=wish | changes)
    assert (answer.status_code, answer.json()["code"]) == (403 if "allowed" in code else 422, code)


def test_a_schedules_style_in_s3_names_no_model_of_this_host_either(client, wish, app, office):
    """Whoever may write the object must not make a host read its disk."""
    app.state.office = office
    answer = client.post("/api/v1/schedules", json=wish)
    assert (answer.status_code, answer.json()["code"]) == (403, "model_not_allowed")


def test_styles_are_those_of_the_folder(client, office, app, tmp_path, wish):
    """A broken file is told with what is wrong; a schedule names a style by its file's name."""
    folder = tmp_path / "styles"
    folder.mkdir()
    (folder / "summer.yaml").write_text(STYLE)
    (folder / "winter.yml").write_text("mask: the coat\n")
    (folder / "notes.txt").write_text("no style")
    settings = office.settings.model_copy(update={"styles": folder, "model_folders": str(MODELS)})
    app.state.office = replace(office, settings=settings)
    summer, winter = client.get("/api/v1/styles").json()["styles"]
    assert (summer["name"], summer["fields"]["prompt"]) == ("summer", "a red dress")
    assert (winter["digest"], "prompt" in winter["problem"]) == (None, True)
    kept = client.post("/api/v1/schedules", json=wish | {"style": "summer"}).json()
    assert "prompt: a red dress" in kept["style"]


def test_without_a_folder_there_are_no_styles(client):
    """It is a choice of the operator's."""
    assert client.get("/api/v1/styles").json() == {"styles": []}


def test_a_worker_is_told_with_what_it_has_in_hand(client, submit, board):
    """Facts as it reported them, and the items that it has a claim on."""
    submit(total=3)
    board.report_worker("host/cuda:0/1", {"device": "cuda:0"})
    board.claim("spring", 2, "host/cuda:0/1", 60)
    (worker,) = client.get("/api/v1/workers").json()["workers"]
    assert (worker["owner"], worker["facts"]) == ("host/cuda:0/1", {"device": "cuda:0"})
    assert worker["claims"] == [{"batch": "spring", "number": 2}]


@pytest.mark.parametrize("path", [BATCH, "/api/v1/batches"])
def test_what_nobody_foresaw_tells_nothing_of_the_inside(client, submit, inspector, keys, path):
    """The answer names an id, under which the log has the story."""
    submit()
    inspector.hset(keys.batch("spring"), "record", "hunter2")  # pydantic's error has it
    inspector.delete(keys.batches)
    inspector.set(keys.batches, "hunter2")  # Redis refuses the script
    with capture_logs() as logs:
        answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "hunter2" not in answer.text
    assert logs[0]["id"] in answer.json()["detail"]


def test_a_board_that_is_away_is_said_so(client, office, app, tmp_path):
    """503, and when to ask again."""
    away = StatusBoard.connect(Settings(redis_url=f"unix://{tmp_path}/nobody.sock"))
    app.state.office = replace(office, board=away)
    answer = client.get(BATCH)
    assert (answer.status_code, answer.json()["code"]) == (503, "redis_unreachable")
    assert int(answer.headers["retry-after"]) > 0
    away.close()
