"""Device busy: how much of the time between first and last batch a device has work.

The device is simulated and S3 answers late; all between them is a real worker process. Beside it
the naive worker: the same code, one item after the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.bench.measure import Ratio
from infra.bench.timeline import Strip, timeline
from infra.bench.yard import Call, Yard, open_yard

#: Pictures a run, and of the naive worker, whose rate needs fewer.
ITEMS, NAIVE_ITEMS = 500, 30
MAX_BATCH = 8
#: How late S3 answers a request, on the way in as on the way out.
S3_SECONDS = 0.1
#: Every figure is the best of so many runs: others may be at work on the machine.
RUNS = 2


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a simulated device is, and what is asked of the worker around it."""

    #: Of one call on the device, full or not.
    batch_seconds: float
    #: By Little's law at least 2 x MAX_BATCH + rate x (five requests of S3 + CPU time + the wait
    #: for the segmenter's turn, up to a batch long); a busy machine stretches the CPU time.
    threads: int
    #: Share of the time that the device is to be busy.
    target: float | None

    @property
    def name(self) -> str:
        """As the table calls it."""
        return f"{self.batch_seconds:g} s"


SPEEDS = (Speed(0.4, 64, 0.97), Speed(0.1, 128, 0.90), Speed(0.02, 128, None))
#: Against the naive worker.
LEAST_GAIN = 3.0
PICTURE = Path("bench-out") / "device-busy.png"


@dataclass(frozen=True, slots=True)
class Run:
    """What a run's calls add up to, from the start of the first batch to the end of the last."""

    calls: Sequence[Call]

    @property
    def batches(self) -> list[Call]:
        """The painter's calls."""
        return [call for call in self.calls if call.stage == "inpaint"]

    @property
    def seconds(self) -> float:
        """Between the two ends."""
        return self.batches[-1].started + self.batches[-1].seconds - self.batches[0].started

    @property
    def busy(self) -> float:
        """Share of the time in calls, the segmenter's too."""
        begin = self.batches[0].started
        return sum(call.seconds for call in self.calls if call.started >= begin) / self.seconds

    @property
    def items(self) -> int:
        """Pictures that were painted."""
        return sum(call.size for call in self.batches)

    @property
    def rate(self) -> float:
        """Pictures per second."""
        return self.items / self.seconds

    @property
    def mean_batch(self) -> float:
        """Pictures per call; a device counts as busy in a small call too."""
        return self.items / len(self.batches)


@dataclass(frozen=True, slots=True)
class Measured:
    """One speed's best run, and the naive worker's."""

    speed: Speed
    ours: Run
    naive: Run

    def figures(self) -> list[Ratio]:
        """Share of busy time, and pictures per second."""
        against, target = "one item after the other", self.speed.target
        busy = Ratio(
            f"device busy, {self.speed.name} a batch",
            100 * self.ours.busy,
            100 * self.naive.busy,
            "%",
            f"{against}; mean batch {self.ours.mean_batch:.1f}",
            limit=None if target is None else 100 * target,
        )
        name = f"worker, {self.speed.name} a batch"
        rate = Ratio(name, self.ours.rate, self.naive.rate, "images/s", against, least=LEAST_GAIN)
        return [busy, rate]

    def strips(self) -> list[Strip]:
        """For the picture."""
        runs = {"our worker": self.ours, "one item after the other": self.naive}
        return [
            Strip(f"{self.speed.name} a batch, {name}: {run.busy:.0%} busy", run.batches)
            for name, run in runs.items()
        ]


def device_busy() -> list[Ratio]:
    """Share of busy time, and pictures per second, at each speed; leaves their picture."""
    with open_yard(S3_SECONDS) as yard:
        yard.stock("shelf", ITEMS)
        yard.stock("few", NAIVE_ITEMS)
        measured = [_measured(yard, speed) for speed in SPEEDS]
    PICTURE.parent.mkdir(exist_ok=True)
    timeline([strip for each in measured for strip in each.strips()]).save(PICTURE)
    return [figure for each in measured for figure in each.figures()]


def _measured(yard: Yard, speed: Speed) -> Measured:
    runs = (_overlapped(yard, speed, number) for number in range(RUNS))
    return Measured(speed, max(runs, key=lambda run: run.busy), _naive(yard, speed))


def _overlapped(yard: Yard, speed: Speed, run: int) -> Run:
    name = f"speed-{round(1000 * speed.batch_seconds)}-{run}"
    settings = {"threads": speed.threads, "max_batch": MAX_BATCH}
    return Run(yard.render("shelf", name, speed.batch_seconds, **settings))


def _naive(yard: Yard, speed: Speed) -> Run:
    """One thread; its device takes an eighth of a batch's time for a picture, and no mates wait."""
    name = f"naive-{round(1000 * speed.batch_seconds)}"
    settings = {"threads": 1, "max_batch": 1, "batch_wait_seconds": 0}
    return Run(yard.render("few", name, speed.batch_seconds / MAX_BATCH, **settings))
