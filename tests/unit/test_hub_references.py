"""Model references to the hub: switched off, answering, refusing and away."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from shared.errors import ModelMissing
from shared.references import Hub, locate, resolve
from shared.s3 import ObjectStore
from shared.settings import child_environment
from shared.styles import DEFAULT_PAINTER

COMMIT = "0123456789" * 4

MODEL = {"model_index.json": b"{}", "unet/model.safetensors": b"weights"}


def fill(directory: Path, files: dict[str, bytes]) -> Path:
    """A directory with these files."""
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return directory


# --- the hub, switched off -------------------------------------------------------------------


def cached(cache: Path, repo: str, *, commit: str = COMMIT, ref: str = "main") -> Path:
    """A repository in the hub's cache, as `hf download` leaves it."""
    folder = cache / f"models--{repo.replace('/', '--')}"
    fill(folder, {f"refs/{ref}": commit.encode()})
    return fill(folder / "snapshots" / commit, MODEL)


@pytest.fixture
def hub(tmp_path) -> Hub:
    """A hub that is switched off, with an empty cache."""
    (tmp_path / "hub").mkdir()
    return Hub("https://hub.example", tmp_path / "hub", offline=True)


def test_a_switched_off_hub_resolves_from_its_cache(hub):
    """The commit is the one that the reference was last downloaded at."""
    snapshot = cached(hub.cache, "org/name", ref="v1")
    assert resolve("org/name@v1", hub=hub).digest == COMMIT
    found = locate("org/name@v1", store=ObjectStore.connect, hub=hub)
    assert (found.place, found.is_remote, found.command) == (str(snapshot), False, None)
    assert found.size == sum(map(len, MODEL.values()))


def test_a_commit_is_taken_as_it_is(hub):
    """A full hash names the same bytes everywhere, so nobody is asked; but it may not be here."""
    assert resolve(f"org/name@{COMMIT}", hub=hub).digest == COMMIT
    with pytest.raises(ModelMissing):
        locate(f"org/name@{COMMIT}", store=ObjectStore.connect, hub=hub)


def test_a_switched_off_hub_says_how_to_get_the_model(hub):
    """Reference, places, nearest, size, and the command; and that the hub is switched off."""
    cached(hub.cache, "org/stable-diffusion-inpaint")
    with pytest.raises(ModelMissing) as caught:
        resolve("org/stable-difusion-inpaint@v1", hub=hub)
    sentence, hint = str(caught.value), str(caught.value.report()["hint"])
    assert "org/stable-difusion-inpaint@v1" in sentence
    assert f"its cache ({hub.cache}), not the hub (https://hub.example), which is" in sentence
    assert "Did you mean org/stable-diffusion-inpaint?" in sentence
    assert "HF_HUB_OFFLINE is set" in hint
    assert "`hf download org/stable-difusion-inpaint --revision v1`" in hint
    with pytest.raises(ModelMissing) as caught:
        resolve(DEFAULT_PAINTER, hub=hub)
    assert "(about 2.6 GB)" in str(caught.value.report()["hint"])
    assert "Did you mean" not in str(caught.value)


def test_repositories_that_moved_are_named_where_they_are_now(hub):
    """Styles out there still name repositories that are gone."""
    with pytest.raises(ModelMissing, match=f"Did you mean {DEFAULT_PAINTER}"):
        resolve("stabilityai/stable-diffusion-2-inpainting", hub=hub)


# --- the hub, answering ----------------------------------------------------------------------


class _HubPages(BaseHTTPRequestHandler):
    """One repository `org/name` at `main`; the others fail as the hub fails."""

    def do_GET(self) -> None:
        repo = "/".join(self.path.split("/")[3:5])
        codes = {"org/gone": (404, "RepoNotFound"), "org/gated": (403, "GatedRepo")}
        status, code = codes.get(repo, (500, "") if repo == "org/broken" else (200, ""))
        if repo == "org/name" and "/revision/main" not in self.path:
            status, code = 404, "RevisionNotFound"
        sizes = {"unet/model.safetensors": 1_000, "config.json": 10, "pytorch_model.bin": 5_000}
        siblings = [{"rfilename": name, "size": size} for name, size in sizes.items()]
        body = json.dumps({"id": repo, "sha": COMMIT[::-1], "siblings": siblings}).encode()
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def hub_url() -> Iterator[str]:
    """A server that answers as the hub does."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _HubPages) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


_CHILD = """
import json, sys
from shared.errors import ModelMissing
from shared.references import locate, resolve
answers = []
for reference in sys.argv[1:]:
    try:
        found = locate(reference, store=None)
        answers.append([resolve(reference).digest, found.size, found.is_remote, found.command])
    except ModelMissing as error:
        answers.append([str(error), error.report()["hint"]])
print(json.dumps(answers))
"""


def ask(endpoint: str, home: Path, *references: str) -> list[list[object]]:
    """Resolve and locate in a process of its own: the hub's client reads HF_* at its import."""
    environment = child_environment(
        {"HF_ENDPOINT": endpoint, "HF_HUB_OFFLINE": "0", "HF_HOME": str(home)}
    )
    command = [sys.executable, "-c", _CHILD, *references]
    child = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    answers: list[list[object]] = json.loads(child.stdout)
    return answers


def test_the_hub_resolves_a_revision_to_its_commit(hub_url, tmp_path):
    """The hub's word beats the cache's; its refusals are told apart, each with its cure."""
    cached(tmp_path / "hub", "org/name")  # an older commit
    cached(tmp_path / "hub", "org/broken")
    references = ("org/name", "org/name@v9", "org/gone", "org/gated", "org/broken")
    name, revision, gone, gated, broken = ask(hub_url, tmp_path, *references)
    assert name == [COMMIT[::-1], 1_010, True, "hf download org/name"]
    assert f"git ls-remote {hub_url}/org/name" in str(revision[1])
    assert f"and the hub ({hub_url})" in str(gone[0])
    assert "`hf auth login` if the repository is private" in str(gone[1])
    assert f"Accept its terms at {hub_url}/org/gated" in str(gated[1])
    assert broken[0] == COMMIT  # a hub out of order: what was downloaded is still good
    assert broken[2] is False


def test_an_unreachable_hub_is_told_from_a_missing_model(tmp_path):
    """Without an answer the cache decides, and the sentence speaks of the network."""
    cached(tmp_path / "hub", "org/name")
    name, missing = ask("http://127.0.0.1:9", tmp_path, "org/name", "org/nowhere")
    assert name[0] == COMMIT
    assert "The hub did not answer" in str(missing[1])
    assert "`hf download org/nowhere`" in str(missing[1])
