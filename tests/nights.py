"""Nights: a catalogue of a few sources that is rendered night after night."""

import json

from producer.manifest import open_manifest
from producer.plan import Subject, Wishes, made_plan
from producer.results import each_row
from producer.steward import Ending
from producer.submission import Submission
from producer.submit import submit
from shared.keys import S3Address
from shared.pictures.limits import Limits
from shared.references import resolve
from shared.states import ItemState
from shared.styles import load_style

NAMES = ("a", "b", "c", "d")
LIMITS = Limits(max_bytes=5_000_000, max_side=4_000, max_pixels=4_000_000)


class Nights:
    """A catalogue of a few sources that is rendered night after night."""

    def __init__(self, shop):
        self.shop, self.board, self.store = shop, shop.board, shop.store
        self.style = {"mask": "the dress", "paint": "red"}
        self._written = ()
        self.rows = [{"external_id": name, "source": shop.source(name)} for name in NAMES]
        for name in NAMES:
            self.stock(name)

    def stock(self, name, content="first"):
        """Put a source."""
        self.shop.put(S3Address.parse(self.shop.source(name)), f"{name} {content}".encode())

    def _files(self):
        manifest, style = self.shop.folder / "rows.jsonl", self.shop.folder / "style.yaml"
        models = {"segmenter": str(self.shop.model), "painter": str(self.shop.model)}
        texts = "\n".join(json.dumps(row) for row in self.rows), json.dumps(models | self.style)
        if texts != self._written:  # another thread may be reading them
            manifest.write_text(texts[0])
            style.write_text(texts[1])
            self._written = texts
        return str(manifest), style

    def submit(self, batch_id, manifest=None, *, window=None, **wishes):
        """Submit the catalogue; returns the plan's numbers."""
        rows, style = self._files()
        request = Submission(
            manifest or rows,
            style,
            self.shop.output,
            batch_id,
            wishes=Wishes(**wishes),
            window=window,
        )
        cache = self.shop.folder / "cache"
        return submit(request, self.board, self.store, dispatch=lambda: None, cache=cache).plan

    def plan(self, **wishes):
        """Plan the catalogue: kind and reasons of each row by external id, and the orphans."""
        rows, style_file = self._files()
        style, output = load_style(style_file), S3Address.parse_output(self.shop.output)
        with open_manifest(rows, style, self.store) as manifest:
            models = {name: resolve(name, store=self.store) for name in manifest.models}
            subject = Subject(manifest, style, models, output)
            with made_plan(subject, Wishes(**wishes), self.board, self.store) as plan:
                told = {row.spec.external_id: (row.kind, *row.reasons) for row in plan.rows()}
                return told, [orphan.external_id for orphan in plan.orphans()], plan.forecast

    def render(self, batch_id, *, end=True, most=99):
        """Render what waits of a batch, as a worker does, and end it."""
        queued = self.board.items(batch_id, ItemState.QUEUED)[:most]
        for item in queued:
            number = item.spec.number
            claim = self.board.claim(batch_id, number, "w", 60)
            info = self.store.head(S3Address.parse(claim.spec.source))
            self.board.pin_source(claim, info.etag, info.size)
            seconds = {"device_seconds": 2.5}
            self.board.finish(claim, self.shop.paint(number, batch_id).model_copy(update=seconds))
        if end:
            assert Ending(self.board, self.store, LIMITS).end_batches() == [batch_id]
        return [item.spec.external_id for item in queued]

    def results(self, batch_id):
        """External id, state and variants of each row of the results."""
        with each_row(self.board, self.store, batch_id) as rows:
            return [(row.external_id, str(row.state), row.variants) for row in rows]
