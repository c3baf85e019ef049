"""Slots and windows: right when the clocks are moved, and each slot due exactly once."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.errors import WindowInvalid
from shared.recurrence import Recurrence
from shared.windows import Window

NIGHTLY = Recurrence(cron="0 1 * * *", timezone="Europe/Paris")
#: Zones whose clocks are moved at 1:00 UTC, at 2:00, by half an hour, and at midnight.
ZONES = ("UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "America/Havana")
CRONS = (
    *("30 2 * * *", "0 1 * * *", "15,45 1-3 * * *", "0 0 * * *", "30 1 * * SUN"),
    *("*/15 * * * *", "30 * * * *", "30 */2 * * *", "0 0 29 2 *"),
)
#: Moments around those at which clocks were or will be moved in 2026, and any others.
moments = st.one_of(
    st.builds(
        lambda day, minutes: day + timedelta(minutes=minutes),
        st.sampled_from(
            [
                datetime(2026, month, day, tzinfo=UTC)
                for month, day in ((3, 8), (3, 29), (4, 4), (10, 3), (10, 25), (11, 1))
            ]
        ),
        st.integers(0, 36 * 60),
    ),
    st.integers(1_577_836_800, 2_208_988_800).map(lambda s: datetime.fromtimestamp(s, UTC)),
)
recurrences = st.builds(Recurrence, cron=st.sampled_from(CRONS), timezone=st.sampled_from(ZONES))


def utc(text: str) -> datetime:
    """A moment of 2026 from `MM-DD HH:MM` in UTC."""
    return datetime.fromisoformat(f"2026-{text}:00+00:00")


def slots(cron: str, zone: str, start: str, count: int) -> list[datetime]:
    """The first slots after a moment."""
    return list(islice(Recurrence(cron=cron, timezone=zone).coming(utc(start)), count))


# --- when the clocks are moved -----------------------------------------------------------------


def test_a_time_that_is_skipped_is_due_when_the_clocks_go_on():
    """Paris, 29 March: 2:30 is not shown; the night is not lost, it begins at 3:00."""
    found = slots("30 2 * * *", "Europe/Paris", "03-28 00:00", 3)
    assert found == [utc("03-28 01:30"), utc("03-29 01:00"), utc("03-30 00:30")]


def test_a_time_that_is_shown_twice_is_due_the_first_time():
    """Paris, 25 October: 2:30 is shown twice; the night is not doubled."""
    found = slots("30 2 * * *", "Europe/Paris", "10-24 12:00", 2)
    assert found == [utc("10-25 00:30"), utc("10-26 01:30")]


def test_within_the_second_showing_the_slot_is_that_of_the_first():
    """At 2:06 shown the second time, 2:30 was due half an hour ago, not yesterday."""
    recurrence = Recurrence(cron="30 2 * * *", timezone="Europe/Paris")
    assert recurrence.previous(utc("10-25 01:06")) == utc("10-25 00:30")


def test_new_york_has_days_of_its_own():
    """8 March and 1 November: other nights than in Europe."""
    assert slots("30 2 * * *", "America/New_York", "03-08 00:00", 1) == [utc("03-08 07:00")]
    assert slots("30 1 * * *", "America/New_York", "11-01 00:00", 2) == [
        utc("11-01 05:30"),
        utc("11-02 06:30"),
    ]


def test_half_an_hour_is_moved_too():
    """Lord Howe: 2:15 is skipped on 4 October, 1:45 is shown twice on 5 April."""
    assert slots("15 2 * * *", "Australia/Lord_Howe", "10-03 12:00", 1) == [utc("10-03 15:30")]
    assert slots("45 1 * * *", "Australia/Lord_Howe", "04-04 12:00", 2) == [
        utc("04-04 14:45"),
        utc("04-05 15:15"),
    ]


def test_a_cron_with_a_star_goes_by_elapsed_time():
    """Every two quarters of an hour stay so while an hour is shown twice or not at all."""
    for day in ("03-29", "10-25"):
        found = slots("*/30 * * * *", "Europe/Paris", f"{day} 00:00", 8)
        assert {after - before for before, after in pairwise(found)} == {timedelta(minutes=30)}
    assert slots("30 * * * *", "Europe/Paris", "03-29 00:00", 2) == [
        utc("03-29 00:30"),
        utc("03-29 01:30"),
    ]


# --- the law of slots --------------------------------------------------------------------------


@given(recurrences, moments)
def test_backwards_and_forwards_find_the_same_slots(recurrence, moment):
    """No slot lies between a previous and the next one, whichever way they are asked for."""
    previous, following = recurrence.previous(moment), recurrence.next(moment)
    assert previous <= moment < following
    assert recurrence.next(previous) == following
    assert recurrence.previous(following) == following
    assert recurrence.previous(following - timedelta(seconds=1)) == previous


@given(
    recurrences,
    moments,
    st.lists(st.integers(0, 12 * 3600).map(lambda s: timedelta(seconds=s)), max_size=12),
)
def test_each_slot_is_due_once_over_any_ticks(recurrence, start, pauses):
    """Ticks at any times, doubled ones too: the last due slots are those that were passed."""
    now, last, due = start, recurrence.previous(start), []
    for pause in pauses:
        now += pause
        slot = recurrence.previous(now)
        if slot != last:
            due.append(slot)
            last = slot
    passed, following = [], recurrence.next(start)
    while following <= now and len(passed) < 500:
        passed.append(following)
        following = recurrence.next(following)
    assert due == sorted(set(due))
    assert set(due) <= set(passed)
    assert (due[-1:] == passed[-1:]) or len(passed) == 500


# --- windows -----------------------------------------------------------------------------------


@given(recurrences, st.integers(1, 7 * 24 * 3600), moments)
def test_a_span_is_the_open_one_or_the_next(recurrence, seconds, moment):
    """It opens at a slot, closes so many elapsed seconds later, and is never over."""
    span = Window(**dict(recurrence), seconds=seconds).span(moment)
    assert span.closes - span.opens == timedelta(seconds=seconds)
    assert span.closes > moment
    assert recurrence.previous(span.opens) == span.opens
    assert span.holds(moment) or recurrence.next(moment) == span.opens


def test_a_window_lasts_as_long_as_it_says_when_clocks_are_moved():
    """Six hours from one o'clock on the long night: until six by the clocks of Paris."""
    window = Window.of("0 1 * * *", "Europe/Paris", 6 * 3600)
    span = window.span(utc("10-25 03:00"))
    assert span == (utc("10-24 23:00"), utc("10-25 05:00"))
    assert window.span(utc("10-25 05:00")).opens == utc("10-26 00:00")


@pytest.mark.parametrize(
    ("cron", "zone", "seconds", "words"),
    [
        ("0 0 31 2 *", "UTC", 60, "it never fires"),
        ("0 2 30 FEB *", "UTC", 60, "it never fires"),
        ("* 2 * 3 0L", "Europe/Paris", 60, "never fires"),
        ("61 0 * * *", "UTC", 60, "bad minute"),
        ("@daily", "UTC", 60, "should be five fields"),
        ("0 0 0 1 * *", "UTC", 60, "should be five fields"),
        ("", "UTC", 60, "should be five fields"),
        ("L 0 * * *", "UTC", 60, "no usable cron expression"),
        ("0 1 * * *", "Europe/Pariss", 60, r"no time zone \(did you mean Europe/Paris\?\)"),
        ("0 1 * * *", "../etc/passwd", 60, "no time zone"),
        ("0 1 * * *", "Europe", 60, "no time zone"),
        ("0 1 * * *", "", 60, "no time zone"),
        ("0 1 * * *", "UTC", 0, "seconds: should be greater than 0"),
        ("0 1 * * *", "UTC", 8 * 24 * 3600, "seconds: should be less than or equal to 604800"),
    ],
)
def test_what_is_no_window_is_refused_in_words(cron, zone, seconds, words):
    """A person reads what is wrong, with the nearest name where there is one."""
    with pytest.raises(WindowInvalid, match=words):
        Window.of(cron, zone, seconds)


def test_a_rare_day_is_no_mistake():
    """29 February comes; a 29 February that must be a Monday may not, within five years."""
    assert slots("0 0 29 2 *", "UTC", "01-01 00:00", 1) == [datetime(2028, 2, 29, tzinfo=UTC)]
    with pytest.raises(ValidationError, match="never fires"):
        Recurrence(cron="0 0 */28 2 TUE#5", timezone="UTC")


def test_a_cron_is_told_in_words():
    """Whoever reads a list need not know cron."""
    assert NIGHTLY.words == "At 01:00 every day"
