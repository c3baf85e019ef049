"""A worker process's figures as metrics: the counters of the log's line, as they stand."""

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from worker.batching import BatcherStats
from worker.figures import Snapshot
from worker.spread import Spread
from worker.tally import Counts, Ending

#: Bounds of the number of requests in a call.
SIZE_BOUNDS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 128)


class WorkerMetrics(Collector):
    """Counts nothing itself: each scrape is one look at what the process has counted."""

    def __init__(self, look: Callable[[], Snapshot]) -> None:
        self._look = look

    def collect(self) -> Iterator[Metric]:
        """See `Collector.collect`."""
        now = self._look()
        yield _items(now.counts)
        yield _stages(now.counts)
        yield from _device(now.device)
        waiting = "Requests (squares to paint, pictures to search) that wait for the device."
        yield GaugeMetricFamily("restyle_batcher_waiting", waiting, value=now.waiting)
        in_hand = "Items under way in this process."
        yield GaugeMetricFamily("restyle_in_hand_items", in_hand, value=now.in_hand)


def _items(counts: Counts) -> Metric:
    meaning = "Items by how their stay in this process ended, and why."
    family = CounterMetricFamily("restyle_items", meaning, labels=["state", "code"])
    # There from the start, so that the first item is an increase too.
    for ending, count in ({Ending("done"): 0} | dict(counts.items)).items():
        family.add_metric(ending, count)
    return family


def _stages(counts: Counts) -> Metric:
    meaning = "Seconds that an item spent in a stage of its way."
    family = HistogramMetricFamily("restyle_stage_seconds", meaning, labels=["stage"])
    for stage, spread in counts.stages.items():
        family.add_metric([stage], _buckets(spread), spread.total)
    return family


def _device(stats: BatcherStats) -> Iterator[Metric]:
    busy = "Seconds in which a call ran on the device."
    yield CounterMetricFamily("restyle_device_busy_seconds", busy, value=stats.busy_seconds)
    spread = _sizes(stats.sizes.items())
    meaning = "Requests in a call on the device."
    yield HistogramMetricFamily(
        "restyle_batch_size", meaning, buckets=_buckets(spread), sum_value=spread.total
    )
    failed = "Calls on the device that raised; their requests were tried again or failed."
    yield CounterMetricFamily("restyle_failed_calls", failed, value=stats.failed_batches)


def _sizes(calls: Iterable[tuple[int, int]]) -> Spread:
    spread = Spread.empty(SIZE_BOUNDS)
    for size, times in calls:
        spread = spread.plus(size, times)
    return spread


def _buckets(spread: Spread) -> list[tuple[str, float]]:
    """As Prometheus wants them: how many values lie up to each bound, infinity the last."""
    bounds = [*map(floatToGoString, spread.bounds), "+Inf"]
    return list(zip(bounds, accumulate(spread.counts), strict=True))
