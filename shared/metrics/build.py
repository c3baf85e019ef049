"""What runs: release and place, as the labels of a metric that is always 1."""

from collections.abc import Iterator, Mapping
from importlib.metadata import version

from prometheus_client.core import InfoMetricFamily, Metric
from prometheus_client.registry import Collector


class BuildMetrics(Collector):
    """The release, and whatever else tells this process from others."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        self._labels = {"version": version("restyle"), **labels}

    def collect(self) -> Iterator[Metric]:
        """See `Collector.collect`."""
        meaning = "Release and place of this process, as labels; always 1."
        yield InfoMetricFamily("restyle_build", meaning, value=self._labels)
