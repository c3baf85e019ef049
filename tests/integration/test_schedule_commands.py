"""`restyle schedule`: what is kept, what is told, and what is refused in words."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from producer.cli import app
from shared.jobs import Failure
from shared.schedules import Slot
from tests.nightly_shop import Shop


@pytest.fixture
def shop(board, bucket, tmp_path, store) -> Shop:
    """A shop of this test's own."""
    return Shop(bucket, tmp_path, board, store)


def restyle(*arguments: str):
    """Run `restyle schedule …`."""
    return CliRunner().invoke(app, ["schedule", *arguments])


@pytest.fixture
def add(shop):
    """Run `restyle schedule add nightly` with changes; an option of None is left out."""

    def add(*flags: str, name: str = "nightly", **changes: str | None):
        place = f"s3://{shop.bucket.name}/"
        options = {"cron": "0 1 * * *", "timezone": "Europe/Paris", "window": "6h"}
        options |= {"manifest": f"{place}rows.csv", "style": f"{place}style.yaml"}
        options |= {"output": f"{place}out/"} | changes
        given = [word for key, value in options.items() if value for word in (f"--{key}", value)]
        return restyle("add", name, *given, *flags)

    return add


def test_what_is_added_is_shown_with_its_next_runs(add):
    """In words, in the schedule's own time; `show` says the same."""
    done = add()
    assert done.exit_code == 0, done.output
    assert "nightly: active. At 01:00 every day, Europe/Paris" in done.output
    assert "6h from each due time on" in done.output
    following = [line for line in done.output.splitlines() if line.startswith("  next")]
    assert len(following) == 5
    assert all("01:00 CE" in line for line in following)
    assert restyle("show", "nightly").output == done.output


def test_the_list_tells_what_is_broken_and_what_is_next(add, board):
    """A broken schedule keeps its place, its reason stands below."""
    add()
    board.make_run("nightly", Slot(at=datetime.now(UTC), asked=True))
    failure = Failure(code="style_invalid", message="The style is none.", hint="Correct it.")
    board.leave_run(board.take_run("s", 30), failure)
    assert "nightly waits: style_invalid: The style is none." in restyle("list").output
    board.end_run(board.take_run("s", 30), failure)
    told = restyle("list").output
    assert "At 01:00 every day, Europe/Paris" in told
    assert "nightly is broken: style_invalid: The style is none." in told
    (facts,) = json.loads(restyle("list", "--json").output)
    assert facts["condition"] == "broken"
    assert facts["broken"]["code"] == "style_invalid"
    assert facts["runs"][0]["state"] == "failed"
    following = datetime.fromisoformat(facts["next"][0])
    assert following.astimezone(ZoneInfo("Europe/Paris")).hour == 1
    assert "style_invalid: The style is none." in restyle("show", "nightly").output


def test_a_run_is_asked_for_paused_resumed_and_removed(add, board):
    """Each command tells what comes next; --json tells the same."""
    add()
    asked = json.loads(restyle("run", "nightly", "--json").output)
    assert board.runs("nightly")[0].batch_id == asked["batch"]
    assert "is paused" in restyle("pause", "nightly").output
    assert "paused" in restyle("list").output
    assert "goes on" in restyle("resume", "nightly").output
    assert json.loads(restyle("remove", "nightly", "--json").output)["removed"]
    assert "There are no schedules" in restyle("list").output
    done = restyle("show", "nightly")
    assert (done.exit_code, "schedule_unknown" in done.output) == (2, True)


def test_a_taken_name_is_refused_without_replace(add, board):
    """With it, the schedule stands as it is given now."""
    add()
    done = add(priority="9")
    assert (done.exit_code, "schedule_exists" in done.output) == (2, True)
    assert add("--replace", priority="9").exit_code == 0
    assert board.schedule("nightly").schedule.priority == 9


def test_a_style_of_this_host_is_kept(add, shop, board):
    """A run needs no file of the host where it was added."""
    add(style=str(shop.bucket / "style.yaml"))
    (shop.bucket / "style.yaml").unlink()
    assert board.schedule("nightly").schedule.style.startswith("mask: the dress")
    assert "kept here" in restyle("show", "nightly").output


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"cron": "0 0 31 2 *"}, "schedule_invalid", "it never fires"),
        ({"cron": "nightly"}, "schedule_invalid", "should be five fields"),
        ({"timezone": "Europe/Pariss"}, "schedule_invalid", "did you mean Europe/Paris?"),
        ({"window": "0h"}, "schedule_invalid", "more than 0 and at most 7d"),
        ({"window": "6"}, "schedule_invalid", "window: '6' is no duration such as 90m"),
        ({"manifest": "rows.csv"}, "schedule_invalid", "should be in S3"),
        ({"name": "a/b"}, "schedule_invalid", "should be up to 60 letters"),
        ({"style": "nowhere.yaml"}, "style_unreadable", "nowhere.yaml"),
        ({"manifest": "s3://no-such-bucket/rows.csv"}, "bucket_missing", "no-such-bucket"),
        ({"output": None}, "output_missing", "No output was given."),
    ],
)
def test_what_could_never_run_is_refused_in_words(add, board, changes, code, words):
    """Nothing is kept; exit status 2."""
    done = add(**changes)
    assert done.exit_code == 2, done.output
    assert code in done.output
    assert words in done.output
    assert board.schedules().schedules == []
