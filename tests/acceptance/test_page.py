"""The page, walked by a person in a real Chromium over a running stack with the demo's models."""

import json
import re
from contextlib import closing

import pytest
from playwright.sync_api import expect

from infra.demo import services
from infra.demo.catalogue import draw
from tests.browsers import DESK, PHONE, Visitor, chromium
from tests.installation import DEMO_MODELS, wait_until

STYLE = f"""
name: held
gate: hold
review: required
mask: the dress
paint: a red dress
variants: 2
steps: 4
working_size: 128
segmenter: {DEMO_MODELS}/clipseg
painter: {DEMO_MODELS}/inpaint
"""
#: What somebody who means harm writes wherever the page shows a text.
EVIL = '<img src=x onerror="window.owned=1">'
PICTURES = 6


@pytest.fixture(scope="module")
def browser():
    """One browser for all visitors."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def shop(installation):
    """A batch whose masks are all held, but for a broken file that failed."""
    shelf = installation.bucket / "photos"
    shelf.mkdir()
    rows = []
    for number in range(PICTURES):
        drawing = draw(7_000 + number, (240, 320))
        drawing.image.save(shelf / f"{number}.png")
        garment = drawing.garments[0].kind
        source = f"{installation.prefix}photos/{number}.png"
        fields = {"external_id": f"SKU-{number}", "mask_prompt": f"the {garment}"}
        rows.append({"source": source, **fields, "prompt": f"a red {garment}"})
    rows[3] |= {"external_id": EVIL, "prompt": f"a red dress {EVIL}"}
    broken = "<b onclick=alert(1)>.png"
    (shelf / broken).write_text("<html>no picture</html>")
    rows.append({"source": f"{installation.prefix}photos/{broken}", "external_id": "broken"})
    installation.worker()
    installation.start("producer", "steward", "--interval", "0.5")
    batch_id = installation.submit(rows, STYLE)
    wait_until(lambda: held(installation, batch_id) == PICTURES, seconds=100)
    return batch_id


@pytest.fixture(scope="module")
def token(installation):
    """A token of somebody who may decide."""
    (made,) = installation.json("token", "add", "anna", "--role", "operator")
    return made["token"]


@pytest.fixture(scope="module")
def address(installation, shop, token):
    """Where the back office is served; there is a token, so everybody signs in."""
    port, log = services.free_port(), installation.folder / "serve.log"
    command = [*installation.command("serve", "--port", str(port))]
    with services.running(command, port, log, installation.environment):
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture(scope="module")
def entrance(browser, address, token):
    """What a browser remembers of somebody who has signed in."""
    with closing(browser.new_context()) as context:
        page = Visitor(context, address).go("/")
        page.get_by_label("API token").fill(token)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Batches")).to_be_visible()
        return context.storage_state()


@pytest.fixture
def visit(browser, address, entrance):
    """Lets somebody in who has signed in; nothing that they do may break a rule of the page."""
    opened = []

    def enter(size=DESK, **more):
        viewport = {"width": size[0], "height": size[1]}
        context = browser.new_context(viewport=viewport, storage_state=entrance, **more)
        opened.append((context, Visitor(context, address)))
        return opened[-1][1]

    yield enter
    for context, visitor in opened:
        assert visitor.complaints == []
        assert visitor.hosts <= {address.split("/")[2]}
        assert visitor.page.evaluate("window.owned") is None
        context.close()


def held(installation, batch_id, stage=None):
    """How many items wait for a person."""
    with installation.board() as board:
        items = board.items(batch_id)
    return sum(item.held is not None and stage in {None, item.held.stage} for item in items)


def states(installation, batch_id):
    """The state of each item."""
    with installation.board() as board:
        return {item.spec.external_id: str(item.state) for item in board.items(batch_id)}


def looks(page):
    """What the address says of how one looks."""
    return re.findall(r"mode=\w+|zoom=", page.evaluate("location.search"))


def test_nobody_sees_anything_without_a_token(browser, address, token):
    """The page asks for one, says what is wrong with another, and forgets it when asked to."""
    with closing(browser.new_context()) as context:
        visitor = Visitor(context, address)
        page = visitor.go("/batches/anything")
        page.get_by_label("API token").fill("rst_0000_nothing")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).not_to_be_empty()
        page.get_by_label("API token").fill(token)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        (cookie,) = context.cookies()
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("API token")).to_be_visible()
        assert visitor.complaints == []


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "batches"),
        ("/batches/{}", "gallery"),
        ("/batches/{}/review", "review"),
        ("/batches/{}/items/0", "item"),
        ("/batches/{}/items/6", "failed"),
        ("/schedules", "schedules"),
        ("/workers", "workers"),
    ],
)
@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")])
def test_every_view_reads_well(visit, shop, path, name, size, scheme):
    """Axe finds nothing grave, nothing sticks out sideways, and a picture is kept."""
    visitor = visit(size, color_scheme=scheme)
    page = visitor.go(path.format(shop))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_load_state("networkidle")
    visitor.shoot(f"{name}-{size[0]}-{scheme}")
    assert visitor.faults() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_what_users_wrote_stays_text(visit, shop):
    """In the gallery, of an item, of a failure: no tag of theirs becomes one."""
    page = visit().go(f"/batches/{shop}")
    expect(page.get_by_text(EVIL).first).to_be_visible()
    for number in (3, 6):
        page = visit().go(f"/batches/{shop}/items/{number}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_text(EVIL if number == 3 else "onclick=alert").first).to_be_visible()
        assert page.locator("img[src=x], b[onclick]").count() == 0


def test_the_viewer_keeps_how_one_looks(visit, shop):
    """Mode and zoom go from item to item and stand in the address; the threshold previews."""
    page = visit().go(f"/batches/{shop}/items/0?state=held")
    page.get_by_role("button", name="Mask", exact=True).click()
    page.keyboard.press("+")
    page.keyboard.press("+")
    percent = page.locator("output.percent").inner_text()
    before = page.get_by_role("heading", level=1).inner_text()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", level=1)).not_to_have_text(before)
    expect(page.locator("output.percent")).to_have_text(percent)
    wait_until(lambda: {"mode=mask", "zoom="} <= set(looks(page)))
    slider = page.get_by_role("slider", name="Threshold")
    covers = set()
    for value in ("0.05", "0.95"):
        slider.fill(value)
        expect(page.locator("#threshold-says")).to_contain_text(f"At {value}")
        covers.add(page.locator("#threshold-says").inner_text())
    assert len({re.search(r"covers ([\d.]+)", one)[1] for one in covers}) == 2


def test_a_night_is_reviewed_from_masks_to_the_shop(visit, shop, installation):
    """Masks are approved, rejected and taken back by key; results are approved and published."""
    page = visit().go(f"/batches/{shop}/review")
    sheet = page.get_by_role("listbox", name=re.compile("Held masks"))
    expect(sheet.get_by_role("option")).to_have_count(PICTURES)
    page.keyboard.press("p")
    page.keyboard.press("2")
    wait_until(lambda: "rejected" in states(installation, shop).values())
    page.keyboard.press("u")
    wait_until(lambda: "rejected" not in states(installation, shop).values())
    page.keyboard.press("x")
    wait_until(lambda: "rejected" in states(installation, shop).values())
    # Everything that is left, the number shown first.
    page.get_by_role("button", name="Approve all…").click()
    page.get_by_role("dialog").get_by_role("button", name=f"Approve {PICTURES - 2}").click()
    wait_until(lambda: held(installation, shop, "result") == PICTURES - 1)
    assert list(installation.bucket.glob("out/*.v1.png")) == []
    page = visit().go(f"/batches/{shop}/review?stage=result")
    page.get_by_role("button", name="Approve all…").click()
    page.get_by_role("dialog").get_by_role("button", name=f"Approve {PICTURES - 1}").click()
    results = installation.bucket / "out" / "_batches" / shop / "results.jsonl"
    wait_until(lambda: len(list(installation.bucket.glob("out/*.v1.png"))) == PICTURES - 1)
    wait_until(lambda: told(results) == {"done": PICTURES - 1, "rejected": 1, "failed": 1})
    page.get_by_role("button", name="History").click()
    decisions = page.get_by_role("list", name="Decisions, newest first").get_by_role("listitem")
    expect(decisions.filter(has_text="anna approved")).to_have_count(3)
    expect(decisions.filter(has_text="took back")).to_have_count(1)


def told(results):
    """How many rows of a file of results are in which state."""
    counts = {}
    for line in results.read_text().splitlines() if results.exists() else ():
        state = json.loads(line)["state"]
        counts[state] = counts.get(state, 0) + 1
    return counts


def test_an_item_is_picked_and_asked_for_again(visit, shop, installation):
    """A variant is picked by key; another seed makes a child batch, which the page leads to."""
    page = visit().go(f"/batches/{shop}/items/0?mode=variants")
    expect(page.get_by_role("radio", name="Variant 2")).to_be_visible()
    page.keyboard.press("2")
    page.keyboard.press("v")
    expect(page.get_by_role("radio", name="Variant 2, picked")).to_be_visible()
    page = visit().go(f"/batches/{shop}?q=SKU-0")
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(1)
    page.get_by_role("button", name="Render again…").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Seed").fill("77")
    dialog.get_by_role("button", name=re.compile("again")).click()
    page.get_by_role("button", name="Open it").click()
    expect(page.get_by_text("again from")).to_be_visible()
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(1)
