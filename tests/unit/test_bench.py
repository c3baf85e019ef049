"""The benchmarks' own arithmetic: ratios, targets, what calls add up to."""

import pytest

from infra.bench.busy import Run
from infra.bench.measure import Ratio
from infra.bench.table import table_of
from infra.bench.timeline import busy_shares
from infra.bench.yard import Call


def _ratio(**fields):
    return Ratio("name", fields.pop("ours", 6.0), fields.pop("baseline", 2.0), "s", "it", **fields)


def test_a_ratio_above_one_is_better_whichever_way_the_unit_goes():
    """Time shrinks and throughput grows when things improve."""
    assert _ratio().ratio == pytest.approx(3)
    assert _ratio(more_is_better=False).ratio == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("fields", "holds"),
    [
        ({}, True),
        ({"least": 3.0}, True),
        ({"least": 3.1}, False),
        ({"limit": 6.0}, True),
        ({"limit": 6.1}, False),
        ({"limit": 6.0, "more_is_better": False}, True),
        ({"limit": 5.9, "more_is_better": False}, False),
        ({"least": 3.0, "limit": 7.0}, False),
    ],
)
def test_a_figure_holds_when_all_its_targets_do(fields, holds):
    """A target is a least ratio, a limit in the figure's unit, or both."""
    assert _ratio(**fields).holds is holds


def test_the_table_says_which_target_is_missed():
    """Figures without a target have no verdict."""
    figures = [_ratio(), _ratio(limit=7.0), _ratio(least=1.0)]
    verdicts = list(table_of(figures).columns[5].cells)
    assert verdicts == ["", "NO", "yes"]


def test_a_run_counts_from_its_first_batch_to_its_last():
    """Segmenting before the first batch is not measured, between batches it is work."""
    calls = [
        Call("segment", 8, 0.0, 0.5),
        Call("inpaint", 8, 1.0, 1.0),
        Call("segment", 4, 2.0, 0.5),
        Call("inpaint", 4, 3.0, 1.0),
    ]
    run = Run(calls)
    assert run.seconds == pytest.approx(3)
    assert run.busy == pytest.approx(2.5 / 3)
    assert run.rate == pytest.approx(4)
    assert run.mean_batch == pytest.approx(6)


def test_the_timeline_shows_when_the_device_worked():
    """Shares of equal moments from the first call's start to the last one's end."""
    calls = [Call("inpaint", 8, 0.0, 1.0), Call("inpaint", 8, 3.0, 1.0)]
    assert busy_shares(calls, 4) == pytest.approx([1, 0, 0, 1])
    assert busy_shares(calls, 2) == pytest.approx([0.5, 0.5])
