"""The page: a contact sheet as one HTML file that fetches nothing and works offline."""

from producer import pages
from producer.sheet import wording
from producer.sheet.cards import Sheet, usual_aspect

#: Pictures of a card side by side; more go to the next line.
MOST_ACROSS = 6


def render_page(sheet: Sheet) -> str:
    """The sheet as HTML (write it as UTF-8)."""
    rendered, failed = wording.in_two_groups(sheet)
    return pages.render(
        "sheet.html.j2",
        style=pages.text("page.css") + pages.text("sheet.css") + _shape(sheet),
        script=pages.text("sheet.js"),
        words=wording,
        sheet=sheet,
        rendered=rendered,
        failed=failed,
    )


def _shape(sheet: Sheet) -> str:
    """The slots' shape, and how many stand side by side; the policy allows no style attributes."""
    across = min(2 + wording.variant_count(sheet), MOST_ACROSS)
    return slots(usual_aspect(sheet.cards), across)


def slots(aspect: float, across: int) -> str:
    """A rule with the shape (width / height) of pictures' slots and their number side by side."""
    return f":root {{ --aspect: {aspect:.3f}; --across: {across}; }}\n"
