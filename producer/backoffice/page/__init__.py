"""The page: one HTML file for all of its own paths, and static files; no build step."""

from pathlib import Path

from fastapi import FastAPI
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles

FOLDER = Path(__file__).parent
#: Paths that the page itself takes apart.
PATHS = ("/", "/batches/{rest:path}", "/schedules", "/workers", "/sign-in")


def serve(app: FastAPI) -> None:
    """Serve the page and its files."""
    for path in PATHS:
        app.add_api_route(path, _index, include_in_schema=False, response_class=FileResponse)
    app.mount("/static", StaticFiles(directory=FOLDER / "static"), name="static")


async def _index() -> FileResponse:
    return FileResponse(FOLDER / "index.html", headers={"Cache-Control": "no-cache"})
