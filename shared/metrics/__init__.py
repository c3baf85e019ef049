"""Metrics: how a process shows its figures to Prometheus; only these rooms know its client."""

from shared.metrics.backlog import BacklogMetrics
from shared.metrics.build import BuildMetrics
from shared.metrics.server import MetricsServer

__all__ = ["BacklogMetrics", "BuildMetrics", "MetricsServer"]
