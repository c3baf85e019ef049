"""Urgent work and a backlog: a real Celery worker, whose device takes as long as it must."""

import json
import threading
from dataclasses import dataclass, field, replace

import pytest
from celery.contrib.testing.worker import start_worker

from infra.stand_in import answers
from producer.submission import Submission
from producer.submit import submit
from shared.dispatch import Dispatcher
from shared.queue import TASK, Publisher, celery_app, items_screen
from shared.settings import load_settings
from shared.states import ItemState
from tests.installation import DEMO_MODELS, wait_until
from worker.bootstrap import assemble
from worker.devices import Device
from worker.edges import Edges
from worker.tasks import take

#: Item threads, all of them busy with bulk work, and what a call of the device holds.
THREADS, MAX_BATCH = 12, 2
#: Two batches of device work may pass before an urgent item is on the device.
MOST_CALLS = 2
#: A step that does not come in this time never will.
LIMIT_SECONDS = 20


@dataclass
class SlowDevice:
    """Stands in for the models; a call ends when all item threads wait for the device.

    So no second counts: whatever the host is to do during a call is done when it ends. What
    happened is noted, in order: `claim` and its batch, which is called as its lane; or a call's
    stage and its requests' lanes.
    """

    events: list[tuple[str, set[str]]] = field(default_factory=list)
    #: Until it is set no call ends.
    working: threading.Event = field(default_factory=threading.Event)
    #: Once it is set calls end at once.
    hurried: threading.Event = field(default_factory=threading.Event)
    standing: object = None

    def run(self, group, requests):
        """Answer once everybody stands here."""
        self.events.append((group.stage, {request.lane for request in requests}))
        self.working.wait(LIMIT_SECONDS)
        wait_until(lambda: self.hurried.is_set() or self.standing() + len(requests) == THREADS)
        return answers(group, requests)

    def free_memory(self):
        """There is none."""

    def told(self, claim, step):
        """An item has passed a step."""
        if step == "claim":
            self.events.append((step, {claim.batch_id}))

    def since(self, start, stage):
        """The lanes of each event of a kind from a place on."""
        return [lanes for kind, lanes in self.events[start:] if kind == stage]


@pytest.fixture
def settings(restyle_environment, monkeypatch):
    """Settings of a small process."""
    monkeypatch.setenv("RESTYLE_THREADS", str(THREADS))
    monkeypatch.setenv("RESTYLE_MAX_BATCH", str(MAX_BATCH))
    return load_settings()


@pytest.fixture
def device():
    """The slow device."""
    return SlowDevice()


@pytest.fixture
def worker(settings, device):
    """A worker process's parts around the device, taking from the queue by real Celery."""
    edges = replace(Edges.connect(settings), told=device.told)
    process = assemble(Device("cpu"), "test/cpu/0", settings, lambda *_: device, edges=edges)
    device.standing = process.batcher.waiting
    app = celery_app(settings, items_screen(settings, process.dead_letters.put))

    @app.task(name=TASK, shared=False)
    def render(body):
        take(process, body)

    process.start()
    options = {"pool": "threads", "perform_ping_check": False, "loglevel": "ERROR"}
    with start_worker(app, concurrency=THREADS, **options):
        yield process
        process.in_hand.draining.set()
        device.hurried.set()
        device.working.set()
        wait_until(lambda: not process.in_hand.threads)
    process.close()
    app.close()


@pytest.fixture
def order(settings, board, bucket, store, photo, tmp_path):
    """Submit a batch of rows of the one photograph, and publish it."""
    app = celery_app(settings)
    dispatcher = Dispatcher(board, Publisher(app), settings)

    def _order(lane, count, **style):
        rows, path = tmp_path / f"{lane}.jsonl", tmp_path / f"{lane}.yaml"
        source = f"s3://{bucket.name}/photo.png"
        lines = [{"external_id": f"sku-{number}", "source": source} for number in range(count)]
        rows.write_text("\n".join(map(json.dumps, lines)))
        models = {"segmenter": f"{DEMO_MODELS}/clipseg", "painter": f"{DEMO_MODELS}/inpaint"}
        words = {"mask": "the dress", "paint": "a red dress", "working_size": 64}
        path.write_text(json.dumps(words | models | style))
        wish = Submission(str(rows), path, f"s3://{bucket.name}/out/", lane, lane=lane)
        submit(wish, board, store, cache=tmp_path, dispatch=dispatcher.step)

    yield _order
    app.close()


def test_urgent_work_is_on_the_device_within_two_batches(worker, device, order, board):
    """Of its fetch, for its mask, and again from there for its painting, past a full backlog."""
    order("bulk", 100, steps=20)
    wait_until(lambda: device.events and len(device.since(0, "claim")) == THREADS)
    order("urgent", 1, steps=10)
    submitted = len(device.events)
    device.working.set()
    wait_until(lambda: board.status("urgent").counts.get(ItemState.DONE))
    assert board.status("bulk").counts[ItemState.QUEUED] > THREADS
    assert device.since(submitted, "claim").index({"urgent"}) < MAX_BATCH
    claimed = device.events.index(("claim", {"urgent"}))
    calls = [lanes for kind, lanes in device.events[claimed:] if kind != "claim"]
    masked, painted = [at for at, lanes in enumerate(calls, 1) if "urgent" in lanes]
    assert masked <= MOST_CALLS
    assert painted - masked <= MOST_CALLS
