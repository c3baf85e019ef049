"""Device busy: how much of the time between first and last batch a device has work.

The device is simulated and S3 answers late; all between them is a real worker process. Beside it
the naive worker: the same code, one item after the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from infra.bench.measure import Ratio
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
    #: By Little's law at least 2 x MAX_BATCH + rate x (five requests of S3 + CPU time).
    threads: int
    #: Share of the time that the device is to be busy.
    target: float | None

    @property
    def name(self) -> str:
        """As the table calls it."""
        return f"{self.batch_seconds:g} s"


SPEEDS = (Speed(0.4, 40, 0.97), Speed(0.1, 80, 0.90), Speed(0.02, 128, None))
#: Against the naive worker.
LEAST_GAIN = 3.0


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


def device_busy() -> list[Ratio]:
    """Share of busy time, and pictures per second, at each speed."""
    with open_yard(S3_SECONDS) as yard:
        yard.stock("shelf", ITEMS)
        yard.stock("few", NAIVE_ITEMS)
        return [figure for speed in SPEEDS for figure in _figures(yard, speed)]


def _figures(yard: Yard, speed: Speed) -> list[Ratio]:
    ours = max((_overlapped(yard, speed, run) for run in range(RUNS)), key=lambda run: run.busy)
    naive = _naive(yard, speed)
    against = "one item after the other"
    busy = Ratio(
        f"device busy, {speed.name} a batch",
        100 * ours.busy,
        100 * naive.busy,
        "%",
        f"{against}; mean batch {ours.mean_batch:.1f}",
        limit=None if speed.target is None else 100 * speed.target,
    )
    rate = Ratio(
        f"worker, {speed.name} a batch",
        ours.rate,
        naive.rate,
        "images/s",
        against,
        least=LEAST_GAIN,
    )
    return [busy, rate]


def _overlapped(yard: Yard, speed: Speed, run: int) -> Run:
    name = f"speed-{round(1000 * speed.batch_seconds)}-{run}"
    settings = {"threads": speed.threads, "max_batch": MAX_BATCH}
    return Run(yard.render("shelf", name, speed.batch_seconds, **settings))


def _naive(yard: Yard, speed: Speed) -> Run:
    """One thread; its device takes an eighth of a batch's time for a picture, and no mates wait."""
    name = f"naive-{round(1000 * speed.batch_seconds)}"
    settings = {"threads": 1, "max_batch": 1, "batch_wait_seconds": 0}
    return Run(yard.render("few", name, speed.batch_seconds / MAX_BATCH, **settings))
