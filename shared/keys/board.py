"""Keys in Redis: the board's, under the prefix of its namespace."""


class BoardKeys:
    """Every Redis key of the board, under one prefix.

    The board's scripts get the same keys: they are rendered from this class.
    """

    def __init__(self, prefix: str = "restyle") -> None:
        self.prefix = prefix

    def _key(self, *parts: object) -> str:
        return ":".join((self.prefix, *(str(part) for part in parts)))

    @property
    def batches(self) -> str:
        """Sorted set of batch ids by the time they were opened (ms)."""
        return self._key("batches")

    def batch(self, batch_id: str) -> str:
        """Hash: the batch's record, counts, flags and times."""
        return self._key("batch", batch_id)

    def specs(self, batch_id: str) -> str:
        """Hash of item number → what to render (JSON)."""
        return self._key("batch", batch_id, "specs")

    def outcomes(self, batch_id: str) -> str:
        """Hash of item number → result or failure (JSON)."""
        return self._key("batch", batch_id, "outcomes")

    def item(self, batch_id: str, number: int | str) -> str:
        """Hash: an item's state, fence and counters; absent until its first claim."""
        return self._key("item", batch_id, number)

    def in_state(self, batch_id: str, state: str) -> str:
        """Sorted set of the batch's item numbers in one state."""
        return self._key("batch", batch_id, "state", state)

    def waiting(self, batch_id: str) -> str:
        """Sorted set of queued item numbers that no message names yet."""
        return self._key("batch", batch_id, "waiting")

    def changes(self, batch_id: str) -> str:
        """Sorted set of the numbers of items that ever changed, by their newest change."""
        return self._key("batch", batch_id, "changes")

    def frozen(self, batch_id: str) -> str:
        """Hash of item number → SHA-256 and address of its approved mask."""
        return self._key("batch", batch_id, "frozen")

    def decisions(self, batch_id: str) -> str:
        """Hash of a decision's place → its record (JSON), its time, and what it changed."""
        return self._key("batch", batch_id, "decisions")

    def children(self, batch_id: str) -> str:
        """Sorted set of the batches that render its items again, in the order of opening."""
        return self._key("batch", batch_id, "children")

    def lane(self, lane: str) -> str:
        """Sorted set of batch ids with waiting items, by fair-share turn."""
        return self._key("lane", lane)

    @property
    def turns(self) -> str:
        """Hash of lane → the turn that its round has come to."""
        return self._key("turns")

    def published(self, lane: str) -> str:
        """Sorted set of `batch/number` named by a message, by time of publishing (ms)."""
        return self._key("published", lane)

    @property
    def claims(self) -> str:
        """Sorted set of `batch/number` by the end of its lease (ms)."""
        return self._key("claims")

    @property
    def delayed(self) -> str:
        """Sorted set of `batch/number` to be retried, by due time (ms)."""
        return self._key("delayed")

    def owned(self, owner: str) -> str:
        """Set of `batch/number` claimed by one worker process."""
        return self._key("owned", owner)

    @property
    def ending(self) -> str:
        """Set of batch ids whose items are all final and whose results are not yet written."""
        return self._key("ending")

    def turn(self, name: str) -> str:
        """Who has a turn that only one has at a time."""
        return self._key("turn", name)

    @property
    def unended(self) -> str:
        """Set of batch ids that are not ended."""
        return self._key("unended")

    @property
    def ended(self) -> str:
        """Sorted set of ended batch ids by when they ended, or are to be looked at instead (ms)."""
        return self._key("ended")

    @property
    def retiring(self) -> str:
        """Hash of retired batch id → how many of its items' hashes may still be there."""
        return self._key("retiring")

    @property
    def retired(self) -> str:
        """Sorted set of the newest retired batch ids by when they ended (ms)."""
        return self._key("retired")

    @property
    def archive(self) -> str:
        """Hash of the same batch ids → the output under which S3 has them."""
        return self._key("archive")

    @property
    def windows(self) -> str:
        """Sorted set of batch ids whose window has not opened yet, by when it does (ms)."""
        return self._key("windows")

    @property
    def cancelling(self) -> str:
        """Set of batch ids that are cancelled and still have items to be moved."""
        return self._key("cancelling")

    @property
    def publishing(self) -> str:
        """Sorted set of `batch/number` with an approved result, by when it may be copied (ms)."""
        return self._key("publishing")

    @property
    def unpublishing(self) -> str:
        """Sorted set of `batch/number` whose published result goes back, by when it may (ms)."""
        return self._key("unpublishing")

    @property
    def settled(self) -> str:
        """Sorted set of batch ids with open items that are all held, by the last change (ms)."""
        return self._key("settled")

    @property
    def workers(self) -> str:
        """Hash of owner → what it last said of itself (JSON)."""
        return self._key("workers")

    @property
    def seen(self) -> str:
        """Sorted set of owners by the time of their last word (ms)."""
        return self._key("seen")

    @property
    def swept(self) -> str:
        """The time of the last sweep (ms)."""
        return self._key("swept")

    @property
    def dead(self) -> str:
        """List of messages that nobody could read, newest first: time (ms), a space, JSON."""
        return self._key("dead")

    @property
    def deliveries(self) -> str:
        """Sorted set of ids of webhook deliveries by the time they were announced (ms)."""
        return self._key("deliveries")

    def delivery(self, delivery_id: str) -> str:
        """Hash: a delivery's target, event, body, state and counters."""
        return self._key("delivery", delivery_id)

    def delivery_tries(self, delivery_id: str) -> str:
        """List of a delivery's tries, newest first: time (ms), a space, JSON."""
        return self._key("delivery", delivery_id, "tries")

    @property
    def due_deliveries(self) -> str:
        """Sorted set of delivery ids to be sent, by due time or, under a lease, by its end (ms)."""
        return self._key("deliveries", "due")

    @property
    def settled_deliveries(self) -> str:
        """Sorted set of delivery ids that are delivered or given up, by the time of that (ms)."""
        return self._key("deliveries", "settled")

    @property
    def schedules(self) -> str:
        """Set of the schedules' names."""
        return self._key("schedules")

    def schedule(self, name: str) -> str:
        """Hash: the schedule's record (JSON), since when it counts, flags, why it is broken."""
        return self._key("schedule", name)

    def runs(self, name: str) -> str:
        """Sorted set of a schedule's slots that have a run, by their time (ms)."""
        return self._key("schedule", name, "runs")

    def run(self, name: str, slot: str) -> str:
        """Hash: a run's state, fence, owner, times and failure."""
        return self._key("run", name, slot)

    @property
    def open_runs(self) -> str:
        """Sorted set of `schedule/slot` to be executed, by when they may be taken (ms)."""
        return self._key("open_runs")

    def asked(self, key: str) -> str:
        """What was asked under a key of the asker's own (JSON), for a day."""
        return self._key("asked", key)

    @property
    def token_names(self) -> str:
        """Hash of the name of each token of the back office → its id."""
        return self._key("token_names")

    def token(self, token_id: str) -> str:
        """Hash: a token's name, role, digest of its secret, times (ms)."""
        return self._key("token", token_id)

    def session(self, digest: str) -> str:
        """When a session was used (ms), a space, its token's id; gone when it is over."""
        return self._key("session", digest)

    def sessions(self, token_id: str) -> str:
        """Sorted set of the digests of a token's newest sessions, by when they were opened (ms)."""
        return self._key("token", token_id, "sessions")

    def failures(self, source: str) -> str:
        """List of the times (ms) at which a source failed to sign in, newest first."""
        return self._key("failures", source)

    @property
    def failing(self) -> str:
        """Sorted set of the sources that failed to sign in, by their last failure (ms)."""
        return self._key("failing")

    @property
    def audit(self) -> str:
        """List of what was done through the back office, newest first: time (ms), a space, JSON."""
        return self._key("audit")
