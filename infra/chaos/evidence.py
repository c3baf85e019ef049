"""Evidence: everything that a run left behind, gathered once all of it has stopped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from infra.chaos.append_only import Story, read_story
from infra.chaos.catalogue import BUCKET, Row, output_of
from infra.chaos.faulty_s3 import Put
from infra.chaos.journal import entries
from infra.chaos.processes import Running
from infra.chaos.run import Run
from infra.s3.memory import Stored
from producer.results import each_item
from shared.jobs import BatchStatus, Item


@dataclass(frozen=True, slots=True)
class BatchEnd:
    """One batch as the board has it."""

    status: BatchStatus
    items: Sequence[Item]

    @property
    def output(self) -> str:
        """The path of its results in S3."""
        return output_of(self.status.batch.batch_id).removeprefix("s3://")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a run left behind."""

    rows: Mapping[str, Row]
    batches: Sequence[BatchEnd]
    #: Batches that did not end in time.
    late: Sequence[str]
    #: Claims that the board still has.
    claimed: int
    objects: Mapping[str, Stored]
    puts: Sequence[Put]
    #: Names of items, each as often as it was painted.
    painted: Sequence[str]
    #: Batch, number and fence of each report that the board took.
    accepted: Sequence[tuple[str, int, int]]
    story: Story
    #: Children that were started.
    children: int
    processes: Sequence[Running]

    @property
    def items(self) -> list[tuple[str, Item]]:
        """All items, each with its batch."""
        return [(end.status.batch.batch_id, item) for end in self.batches for item in end.items]


def gather(run: Run) -> Evidence:
    """Look at everything, after the run has stopped its programs and before it stops Redis."""
    scene, journal = run.scene, run.scene.orders.journal
    board = scene.board
    ends = [
        BatchEnd(board.status(batch_id), list(each_item(board, batch_id)))
        for batch_id in scene.batches
    ]
    accepted = (
        (batch, int(number), int(fence)) for batch, number, fence in entries(journal, "accepted")
    )
    return Evidence(
        rows={row.name: row for shelf in run.shelves for row in shelf.rows},
        batches=ends,
        late=run.late,
        claimed=board.backlog().claimed,
        objects={
            path: stored
            for path, stored in scene.s3.store.objects().items()
            if path.startswith(f"{BUCKET}/out/")
        },
        puts=list(scene.s3.puts),
        painted=[name for (name,) in entries(journal, "painted")],
        accepted=list(accepted),
        story=read_story(scene.redis.folder, scene.settings.namespace),
        children=len(entries(journal, "started")),
        processes=scene.processes(),
    )
