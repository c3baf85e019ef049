"""Options of what stops a batch on its way, for who submits one or keeps a schedule."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from shared.errors import OptionInvalid

if TYPE_CHECKING:
    from shared.brakes import Brakes
    from shared.windows import Window

MaxItemsOption: TypeAlias = Annotated[
    int | None,
    typer.Option("--max-items", min=1, help="Pause when so many items were begun, each window."),
]
MaxDeviceOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--max-device-time", help="Pause after so long on devices together: 90m, 6h."),
]
PilotOption: TypeAlias = Annotated[
    int | None,
    typer.Option(min=1, help="Render a sample of so many first; `restyle promote` lets the rest."),
]
PromoteAtOption: TypeAlias = Annotated[
    float | None,
    typer.Option(min=0, max=100, help="The rest follows a pilot of which so many % are done."),
]
StopAtOption: TypeAlias = Annotated[
    float,
    typer.Option(
        min=0, max=100, help="Pause when over so many % (of 50 at least) failed; 100 never does."
    ),
]
#: What `--stop-at` says by default, in percent.
STOP_AT = 50.0


def brakes_of(
    max_items: int | None,
    max_device_time: str | None,
    pilot: int | None,
    promote_at: float | None,
    stop_at: float,
) -> "Brakes":
    """What the options say of when a batch stops.

    Raises:
        OptionInvalid: A time that is none, or a share without a pilot.
    """
    from shared.brakes import Brakes, Breaker, Caps, Pilot

    if promote_at is not None and pilot is None:
        raise OptionInvalid(option="--promote-at", reason="it needs --pilot")
    seconds = _seconds(max_device_time) if max_device_time is not None else None
    share = promote_at / 100 if promote_at else None
    return Brakes(
        caps=Caps(items=max_items, device_seconds=seconds),
        pilot=Pilot(items=pilot, promote_share=share) if pilot else None,
        breaker=Breaker(share=stop_at / 100) if 0 < stop_at < 100 else None,
    )


def _seconds(text: str) -> float:
    from shared.durations import parse_duration

    try:
        return float(parse_duration(text))
    except ValueError as error:
        raise OptionInvalid(option="--max-device-time", reason=error) from error


def brakes_told(brakes: "Brakes", window: "Window | None") -> Iterator[str]:
    """What stops a batch, as far as it is not what stops every batch."""
    from shared.brakes import Brakes
    from shared.durations import written

    usual, caps = Brakes().breaker, brakes.caps
    if window:
        zone = f"{window.words}, {window.timezone}"
        yield f"outside of its window: {written(window.seconds)} from {zone}"
    if caps.items:
        yield f"after {caps.items:,} items" + (", each window" if window else "")
    if caps.device_seconds:
        yield f"after {written(round(caps.device_seconds))} on devices"
    if brakes.pilot:
        yield f"after a pilot of {brakes.pilot.items:,} items"
    if brakes.breaker != usual:
        yield f"when over {brakes.breaker.share:.0%} fail" if brakes.breaker else "for no failures"


def window_of(times: str | None, timezone: str | None) -> "Window | None":
    """The window of `22:00-06:00` in a time zone (by default UTC), each day.

    Raises:
        OptionInvalid: A zone without a window.
        WindowInvalid: It is none, there is no such zone, or the window has no length.
    """
    from shared.windows import Window

    if times is None and timezone is not None:
        raise OptionInvalid(option="--timezone", reason="it needs --window")
    if times is None:
        return None
    return Window.daily(times, timezone or "UTC")
