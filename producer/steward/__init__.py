"""The steward: a Celery worker with beat inside that looks after batches.

Each beat asks the same questions, such as which batches have only final items and are not ended
yet. So a lost beat, a late one, two at once or another steward do no harm, and a fault is tried
again at the next beat by itself. Any number of stewards may run.
"""

from producer.steward.app import TICK
from producer.steward.ending import Ending
from producer.steward.retiring import retire_batches
from producer.steward.run import run_steward

__all__ = ["TICK", "Ending", "retire_batches", "run_steward"]
