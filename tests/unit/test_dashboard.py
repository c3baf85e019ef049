"""The Grafana dashboard asks for metrics that are served, by labels that they have."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DASHBOARD = json.loads((ROOT / "infra" / "grafana" / "restyle.json").read_text())
TABLE = re.search(
    r"<!-- metrics -->(.*?)<!-- /metrics -->", (ROOT / "README.md").read_text(), flags=re.DOTALL
)[1]
#: Metric → its labels, as the README tells them (whose names a test of the metrics holds).
LABELS = {
    name: set(filter(None, labels.split(",")))
    for name, labels in re.findall(
        r"^\| `(restyle_[a-z_]+)(?:\{([a-z,]+)\})?`", TABLE, re.MULTILINE
    )
}
#: What a histogram is made of.
PARTS = re.compile(r"_(bucket|sum|count)$")
#: Labels that Prometheus adds.
EVERYWHERE = {"instance", "le"}


def _metrics(expression):
    return {PARTS.sub("", name) for name in re.findall(r"restyle_[a-z_]+", expression)}


@pytest.mark.parametrize("panel", DASHBOARD["panels"], ids=lambda panel: panel["title"])
def test_a_panel_asks_for_what_is_served(panel):
    """Each metric of its queries is in the README's table, and so is each label."""
    for target in panel["targets"]:
        metrics = _metrics(target["expr"])
        assert metrics
        assert metrics <= LABELS.keys()
        grouped = re.findall(r"by \(([a-z, ]+)\)", target["expr"])
        asked = {label for group in grouped for label in group.split(", ")}
        asked |= set(re.findall(r"[{,]([a-z]+)=", target["expr"]))
        asked |= set(re.findall(r"\{\{([a-z]+)\}\}", target["legendFormat"]))
        assert asked <= set.union(EVERYWHERE, *(LABELS[name] for name in metrics))


def test_every_metric_of_items_and_device_has_its_panel():
    """What is served is shown, but for what a query joins on."""
    shown = set.union(*(_metrics(t["expr"]) for p in DASHBOARD["panels"] for t in p["targets"]))
    assert LABELS.keys() - shown == {"restyle_build_info"}
