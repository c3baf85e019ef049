"""The record of a schedule, its slots' names, and durations as people write them."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.durations import parse_duration, written
from shared.jobs import BATCH_ID_PATTERN
from shared.schedules import Run, Schedule, Slot

FIELDS = {
    "name": "nightly",
    "cron": "0 1 * * *",
    "timezone": "Europe/Paris",
    "manifest": "s3://shop/photos/",
    "style": "mask: the dress\npaint: a red dress\n",
    "output": "s3://shop/out",
    "created_at": datetime(2026, 11, 24, tzinfo=UTC),
}


@given(seconds=st.integers(0, 10**9))
def test_a_duration_reads_as_it_is_written(seconds):
    """Whatever is shown can be typed."""
    assert parse_duration(written(seconds)) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"), [("90m", 5_400), ("6h", 21_600), ("1d", 86_400), ("1H30M", 5_400)]
)
def test_durations_are_what_people_write(text, seconds):
    """Days, hours, minutes, seconds, in this order."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "6", "h", "6 h", "-1h", "1.5h", "30m1h", "6hours"])
def test_what_is_no_duration_is_refused(text):
    """A bare number has no unit, and is none."""
    with pytest.raises(ValueError, match="is no duration such as 90m"):
        parse_duration(text)


def test_a_schedule_reads_as_itself():
    """Nothing of it is lost on the board; an output is a prefix."""
    schedule = Schedule(**FIELDS, window_seconds=3600)
    assert Schedule.model_validate_json(schedule.model_dump_json()) == schedule
    assert schedule.output == "s3://shop/out/"
    assert schedule.window.seconds == 3600
    assert schedule.style_address is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"manifest": "photos.csv"}, "should be in S3, since stewards on other hosts read it"),
        ({"output": "out/"}, "it does not start with s3://"),
        ({"name": "a/b"}, "should be up to 60 letters"),
        ({"name": "n" * 61}, "should be up to 60 letters"),
        ({"window_seconds": 0}, "greater than 0"),
        ({"cron": "0 0 31 2 *"}, "it never fires"),
        ({"timezone": "Mars/Olympus"}, "is no time zone"),
        ({"priority": 10}, "less than or equal to 9"),
    ],
)
def test_a_schedule_that_cannot_work_is_refused(change, words):
    """Before it is kept, not at one o'clock at night."""
    with pytest.raises(ValidationError, match=words):
        Schedule(**FIELDS | change)


@given(
    moment=st.integers(0, 4_102_444_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    asked=st.booleans(),
)
def test_a_slot_reads_as_its_key_and_names_a_batch(moment, asked):
    """The longest name leaves room; two slots of a second are one."""
    slot = Slot(at=moment, asked=asked)
    assert Slot.parse(slot.key) == slot
    run = Run(schedule="n" * 60, slot=slot, state="waiting", created_at=moment)
    assert Run.model_validate_json(run.model_dump_json()) == run
    assert re.fullmatch(BATCH_ID_PATTERN, run.batch_id)


def test_the_key_of_a_slot_is_its_time_in_utc():
    """The same on every host, and after the clocks were moved."""
    assert Slot(at=datetime.fromisoformat("2026-11-25T01:00+01:00")).key == "20261125T000000Z"
