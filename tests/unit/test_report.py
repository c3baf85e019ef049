"""The report of a batch: sums that hold, a page that can do no harm, sizes that are bounded."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from producer.report.making import sum_up
from producer.report.page import render_page
from producer.report.plan import MOST_KEPT, PlanFacts
from producer.report.record import Report
from producer.report.spread import Spread
from producer.report.tally import MOST_EXAMPLES, MOST_HELD, MOST_SLOW, SAMPLE_ITEMS, Tally
from producer.report.wording import duration, file_size, notices, number, verdict
from producer.sheet.cards import Card, Frame
from producer.sheet.thumbnails import as_jpeg
from shared.jobs import Batch, BatchStatus, Failure, Item, ItemSpec, ResolvedModel, Result
from shared.states import ItemState
from shared.styles import Style

HOSTILE = "</style></script><script>alert(1)</script>\"'><img src=x onerror=a(2)>&\u202e{{ 7 * 7 }}"
MADE_AT = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
CODES = ("mask_empty", "object_missing", "poison")


def item_of(number: int, state: ItemState, seconds: float = 1.0, code: str = CODES[0]) -> Item:
    """An item in a state, with what belongs to it."""
    spec = ItemSpec(number=number, external_id=f"D-{number}", source=f"s3://shop/in/{number}.jpg")
    result = Result(
        fingerprint=f"{number:064x}",
        variants=(f"s3://shop/out/{number}.v1.jpg",),
        mask=f"s3://shop/out/{number}.mask.png",
        sidecar=f"s3://shop/out/{number}.json",
        render_seconds=seconds,
        device_seconds=seconds / 2,
        size=1_000,
    )
    failure = Failure(code=code, message=f"{code} of {number}.", hint="Look.", sidecar="s3://s/f")
    return Item(
        spec=spec,
        state=state,
        result=result if state is ItemState.DONE else None,
        failure=failure if state is ItemState.FAILED else None,
    )


def batch_of(total: int, text: str = "Autumn reds", unchanged: int = 0) -> Batch:
    """A batch all whose words are the same."""
    return Batch(
        batch_id="autumn",
        submitted_at=MADE_AT,
        output="s3://shop/out/",
        style=Style(name=text[:100], mask=text, paint=text, protect=text, negative_prompt=text),
        models={text: ResolvedModel(reference=text, kind="hub", digest="a" * 40)},
        total=total,
        unchanged=unchanged,
        manifest_digest="a" * 64,
    )


def report_of(
    items: Iterable[Item], *, text: str = "Autumn reds", unchanged: int = 0, **changes: object
) -> Report:
    """The report of items that ended, as the steward makes it; changes are of the roll-up."""
    tally, found = Tally(), list(items)
    for item in found:
        tally.add(item)
    counts = {state: tally.counts[state] for state in ItemState}
    counts[ItemState.UNCHANGED] = unchanged
    plan = changes.pop("plan", None)
    status = BatchStatus(
        batch=batch_of(len(found) + unchanged, text, unchanged),
        counts=counts,
        first_claim_at=MADE_AT - timedelta(minutes=2),
        last_report_at=MADE_AT,
        device_seconds=60.0,
    )
    return sum_up(status.model_copy(update=changes), tally, plan, made_at=MADE_AT)


class Tags(HTMLParser):
    """Every element of a page with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        """Note an element."""
        self.elements.append((tag, dict(attrs)))


# --- one look at each item -------------------------------------------------------------------

STATES = st.sampled_from([state for state in ItemState if state is not ItemState.UNCHANGED])
ENDS = st.lists(
    st.tuples(STATES, st.floats(0, 100), st.sampled_from(CODES)), min_size=1, max_size=60
)


@given(ends=ENDS, unchanged=st.integers(0, 5))
def test_counts_sum_at_every_level(ends, unchanged):
    """States sum to the total, and kinds of failures to the failed ones, whatever ended how."""
    report = report_of((item_of(n, *end) for n, end in enumerate(ends)), unchanged=unchanged)
    assert sum(report.counts.values()) == report.batch.total == len(ends) + unchanged
    assert sum(kind.count for kind in report.failures) == report.counts[ItemState.FAILED]
    assert report.bytes_written == 1_000 * report.counts[ItemState.DONE]
    counts = [kind.count for kind in report.failures]
    assert counts == sorted(counts, reverse=True)
    for kind in report.failures:
        assert len(kind.examples) == min(kind.count, MOST_EXAMPLES)
        assert {row.code for row in kind.examples} == {kind.code}
    assert len(report.held) == min(report.counts[ItemState.HELD], MOST_HELD)


@given(ends=ENDS)
def test_the_slowest_are_the_slowest(ends):
    """No item that is done and not named took longer than one that is; they come in order."""
    items = [item_of(n, *end) for n, end in enumerate(ends)]
    report = report_of(items)
    every = sorted((item.result.render_seconds for item in items if item.result), reverse=True)
    assert [slow.render_seconds for slow in report.slowest] == every[:MOST_SLOW]


@given(count=st.integers(0, 500), size=st.integers(2, 12))
def test_a_sample_lies_evenly_over_what_came(count, size):
    """All where they are few; else so many, in order, no gap much larger than another."""
    spread = Spread(size)
    for thing in range(count):
        spread.add(thing)
    sample = spread.sample()
    assert len(sample) == min(count, size)
    assert sample == sorted(set(sample))
    gaps = [after - before for before, after in pairwise(sample)]
    if gaps:
        assert max(gaps) <= 2 * min(gaps)
        assert sample[-1] >= count - 1 - max(gaps)


def test_a_report_is_read_back_as_it_was_written():
    """`report.json` is stable: version, names and values survive the way through JSON."""
    items = [item_of(n, state) for n, state in enumerate(ItemState) if state != "unchanged"]
    report = report_of(
        items, plan=PlanFacts(new=3, changed=1, changed_by={"style": 1}), pause_reason="breaker"
    )
    assert Report.model_validate_json(report.model_dump_json()) == report
    assert report.version == 1
    assert report.device_seconds_per_image == 60.0
    assert report.images_per_minute == 0.5


def test_a_million_items_leave_a_small_report():
    """What is kept does not grow: a thousand times the items, the same number of names."""
    states = (ItemState.DONE, ItemState.FAILED, ItemState.HELD)
    made = [item_of(n, state) for n, state in enumerate(states)]
    small, large = Tally(), Tally()
    for tally, times in ((small, 20), (large, 20_000)):
        for _ in range(times):
            for item in made:
                tally.add(item)
    for tally in (small, large):
        assert (len(tally.held), len(tally.slowest())) == (MOST_HELD, MOST_SLOW)
        assert len(tally.sample()) == SAMPLE_ITEMS
        assert [len(kind.examples) for kind in tally.failures()] == [MOST_EXAMPLES]


# --- the plan --------------------------------------------------------------------------------


def test_a_plan_of_a_later_release_is_still_read():
    """Unknown fields are left out, long lists cut, and examples of any form are text."""
    many = [{"external_id": "A", "key": "s3://shop/a"}, "B", *("C" * 60)]
    raw = {"new": 2, "changed": 1, "changed_by": {"model": 1}, "basis": {"nights": [1]}}
    raw["orphans"] = many
    raw["forecast"] = {"images": 3, "basis": {"odd": 1}, "label": "estimate", "finish": None}
    plan = PlanFacts.model_validate(raw)
    assert plan.orphans[:2] == ("A", "B")
    assert len(plan.orphans) == MOST_KEPT
    assert plan.forecast == {"images": 3, "label": "estimate"}


# --- the page --------------------------------------------------------------------------------


def hostile_page() -> str:
    """A page all whose foreign words are hostile."""
    spec = ItemSpec(number=0, external_id=HOSTILE, source=f"s3://shop/{HOSTILE}")
    failure = Failure(code=HOSTILE, message=HOSTILE, hint=HOSTILE, sidecar=HOSTILE)
    held = Item(spec=spec, state=ItemState.HELD)
    failed = Item(spec=spec, state=ItemState.FAILED, failure=failure)
    result = item_of(0, ItemState.DONE).result
    done = Item(spec=spec, state=ItemState.DONE, result=result)
    plan = PlanFacts(
        changed=1,
        changed_by={HOSTILE: 1},
        orphaned=1,
        orphans=(HOSTILE,),
        forecast={HOSTILE: HOSTILE},
    )
    frame = Frame("source", None, problem=HOSTILE)
    card = Card(HOSTILE, HOSTILE, ItemState.DONE, (frame,) * 3, HOSTILE, (), None)
    changes = {"plan": plan, "pause_reason": "budget", "pause_note": HOSTILE}
    return render_page(report_of([held, failed, done], text=HOSTILE, **changes), (card,))


def test_hostile_words_stay_text():
    """Ids, keys, prompts, models, reasons: no element, attribute or rule of a stranger's."""
    page = hostile_page()
    tags = Tags(page)
    names = [name for name, _ in tags.elements]
    assert not {"script", "img", "a", "link", "iframe", "form"} & set(names)
    assert names.count("style") == 1
    attributes = {name for _, given in tags.elements for name in given}
    assert not {name for name in attributes if name.startswith("on") or name == "style"}
    assert "\u202e" not in page
    assert page.count("{{ 7 * 7 }}") > 10


def card_with(jpeg: bytes) -> Card:
    """A card all whose pictures are the same."""
    frames = tuple(Frame(label, jpeg, (30, 40)) for label in ("source", "mask", "variant 1"))
    return Card("D-1", "s3://shop/a.jpg", ItemState.DONE, frames, None, ("4.2 s",), None)


def test_the_page_runs_and_fetches_nothing():
    """No script is allowed, and each picture is inside the file."""
    card = card_with(as_jpeg(Image.new("RGB", (30, 40), "navy")))
    page = render_page(report_of([item_of(0, ItemState.DONE)]), (card,))
    tags = Tags(page)
    policy = next(given["content"] for _, given in tags.elements if "http-equiv" in given)
    assert "default-src 'none'" in policy
    assert "script-src 'none'" in policy
    links = [given["src"] for _, given in tags.elements if "src" in given]
    assert len(links) == 3
    assert all(link.startswith("data:image/jpeg;base64,") for link in links)
    assert not re.search(r"https?://|url\(|@import|href=", page)


def test_the_page_tells_what_a_person_wants_to_know():
    """Verdict, reasons with what to do, held items, the plan, what stopped it, what was asked."""
    states = [ItemState.DONE] * 3 + [ItemState.FAILED, ItemState.HELD, ItemState.CANCELLED]
    plan = PlanFacts(
        new=4, changed=2, changed_by={"source": 2}, unchanged=7, orphaned=1, orphans=("s3://o",)
    )
    items = [item_of(n, state, seconds=n) for n, state in enumerate(states)]
    page = render_page(
        report_of(items, plan=plan, pause_reason="breaker", pause_note="9 of 10"), ()
    )
    told = ("3 of 6 items restyled in 2 min so far.", "mask_empty", "Look.", "s3://s/f", "D-4")
    told += ("Changed: source", "s3://o", "stopped itself (9 of 10)", "1 item was not rendered")
    for words in (*told, "a" * 12, "standard, priority 4", "results.jsonl", "D-2"):
        assert words in page, words


@pytest.mark.parametrize("state", [ItemState.CANCELLED, ItemState.FAILED])
def test_a_batch_of_which_nothing_was_done_has_a_report(state):
    """No rate, no slowest, no pictures: said by leaving them out."""
    report = report_of([item_of(0, state)], first_claim_at=None, last_report_at=None)
    assert (report.images_per_minute, report.slowest, report.sample) == (None, (), ())
    assert verdict(report) == "0 of 1 item restyled."
    assert "Slowest" not in render_page(report, ())


def test_what_is_unchanged_was_no_work():
    """A night of few changes is not told as a failure, nor does it drown in the bar."""
    ended = [item_of(0, ItemState.DONE), item_of(1, ItemState.FAILED)]
    few = report_of(ended, unchanged=1_000)
    assert verdict(few) == "1 of 2 items restyled in 2 min; 1,000 unchanged."
    rects = [given for name, given in Tags(render_page(few, ())).elements if name == "rect"]
    assert [(rect["class"], rect["width"]) for rect in rects] == [
        ("done", "50.0"),
        ("failed", "50.0"),
    ]
    none = report_of([], unchanged=1_000)
    assert verdict(none) == "There was nothing to do: 1,000 unchanged."
    assert 'class="unchanged"' in render_page(none, ())


def test_words_of_an_open_batch_say_so():
    """What is made before the end is marked, with its time."""
    report = report_of([item_of(0, ItemState.DONE), item_of(1, ItemState.QUEUED)])
    assert report.so_far
    assert "24 November 2026, 06:00 UTC" in next(notices(report))


def test_figures_are_short():
    """Three digits tell enough; large numbers have their thousands parted."""
    assert [number(n) for n in (None, 0.12345, 12.345, 1234.5)] == ["", "0.123", "12.3", "1,234"]
    told = {0.4242: "0.424 s", 59.9: "59.9 s", 248: "4 min 8 s", 3_723: "1 h 2 min"}
    told |= {3_599.9: "60 min", 86_399: "24 h", 185_000: "2 d 3 h", 86_400: "1 d"}
    assert {seconds: duration(seconds) for seconds in told} == told
    sizes = [file_size(n) for n in (812, 999_999, 3_400_000, 5e12)]
    assert sizes == ["812 B", "1 MB", "3.4 MB", "5,000.0 GB"]
