"""The doctor: checks of this host and of what it talks to, each with the one command to run."""

from producer.doctor.check import Check, Verdict
from producer.doctor.examination import examine

__all__ = ["Check", "Verdict", "examine"]
