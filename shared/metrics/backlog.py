"""What waits on the board, as metrics: what an autoscaler needs to see."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from shared.board import Backlog, StatusBoard
from shared.errors import BoardError


class BacklogMetrics(Collector):
    """Asks the board at each scrape; what it does not answer is left out, never stale."""

    def __init__(self, board: StatusBoard) -> None:
        self._board = board

    def collect(self) -> Iterator[Metric]:
        """See `Collector.collect`."""
        backlog = self._ask()
        meaning = "1 where the board answered this scrape, else 0."
        yield GaugeMetricFamily("restyle_board_up", meaning, value=float(backlog is not None))
        lanes = GaugeMetricFamily(
            "restyle_lane_waiting_items", "Items that a worker could claim now.", labels=["lane"]
        )
        claimed = GaugeMetricFamily("restyle_claimed_items", "Items that workers have claimed.")
        if backlog is not None:
            for lane, count in backlog.waiting.items():
                lanes.add_metric([lane], count)
            claimed.add_metric([], backlog.claimed)
        yield lanes
        yield claimed

    def _ask(self) -> Backlog | None:
        try:
            return self._board.backlog()
        except BoardError:
            return None
