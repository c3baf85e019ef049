"""Options of what stops a batch: percents, times and windows as people write them."""

import pytest

from producer.cli.brakes import STOP_AT, brakes_of, window_of
from shared.brakes import Brakes, Breaker, Caps, Pilot
from shared.errors import OptionInvalid, WindowInvalid


def test_without_options_only_the_breaker_stops_a_batch():
    """At more than half of what ended, fifty at least."""
    assert brakes_of(None, None, None, None, STOP_AT) == Brakes()
    assert Brakes().breaker == Breaker(share=0.5, least=50)


def test_options_are_read_as_people_write_them():
    """Items, hours, percents."""
    brakes = brakes_of(500, "1h30m", 20, 90, 10)
    assert brakes.caps == Caps(items=500, device_seconds=5_400)
    assert brakes.pilot == Pilot(items=20, promote_share=0.9)
    assert brakes.breaker == Breaker(share=0.1)
    assert brakes_of(None, None, None, None, 100).breaker is None


@pytest.mark.parametrize(
    ("arguments", "option"),
    [((None, "soon", None, None, 50), "--max-device-time"), ((None, None, None, 90, 50), "--prom")],
)
def test_what_means_nothing_is_named(arguments, option):
    """The option and the reason."""
    with pytest.raises(OptionInvalid, match=option):
        brakes_of(*arguments)


@pytest.mark.parametrize(
    ("text", "cron", "hours"),
    [("22:00-06:00", "0 22 * * *", 8), ("01:30-02:00", "30 1 * * *", 0.5), ("0:00-24:00", None, 0)],
)
def test_a_window_may_cross_midnight(text, cron, hours):
    """Its length is from its beginning to the next such end; one without a length is refused."""
    if cron is None:
        with pytest.raises(WindowInvalid, match="ends when it begins"):
            window_of(text, "UTC")
        return
    window = window_of(text, "Europe/Paris")
    assert (window.cron, window.timezone, window.seconds) == (cron, "Europe/Paris", hours * 3_600)


@pytest.mark.parametrize("text", ["22-06", "25:00-06:00", "22:00-06:60", "night"])
def test_a_window_of_another_form_is_refused(text):
    """With the form that it should have."""
    with pytest.raises(WindowInvalid, match="22:00-06:00"):
        window_of(text, "UTC")


def test_no_window_is_none():
    """Then a batch is rendered at any time."""
    assert window_of(None, None) is None
    with pytest.raises(OptionInvalid, match="needs --window"):
        window_of(None, "Europe/Paris")
    with pytest.raises(WindowInvalid, match="no time zone"):
        window_of("22:00-06:00", "localtime")
