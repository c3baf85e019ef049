"""Models of a hub: a real HTTP server with the part of the hub's interface that we use."""

import hashlib
import json
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from shared.errors import ModelMissing, ModelUnavailable
from shared.jobs import ResolvedModel
from shared.labels import read_labels
from shared.references import config_directory, local_directory
from shared.references.hub import Hub
from shared.s3 import ObjectStore
from tests.labelled import LABELS, write_labelled
from worker.models.fetch import ModelStore
from worker.models.load import load_painter

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def store(tmp_path, hub) -> ModelStore:
    """A model store with a cache of the test's own."""
    return ModelStore(ObjectStore.connect(), tmp_path / "cache", max_bytes=50_000_000, hub=hub)


class HubServer(BaseHTTPRequestHandler):
    """The part of the hub's HTTP interface that a snapshot needs, over a directory."""

    root: Path
    requests: list[str]

    def do_HEAD(self) -> None:
        """Answer like GET, without the body."""
        self._answer(with_body=False)

    def do_GET(self) -> None:
        """Answer what the client asks of `org/painter`, else 404."""
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        path = self.path.partition("?")[0]
        self.requests.append(path)
        headers = {"X-Repo-Commit": COMMIT}
        if path == f"/api/models/org/painter/revision/{COMMIT}":
            body = json.dumps({"id": "org/painter", "sha": COMMIT, "siblings": []}).encode()
        elif path == f"/api/models/org/painter/tree/{COMMIT}":
            body = json.dumps(self._tree()).encode()
        elif path.startswith(f"/org/painter/resolve/{COMMIT}/"):
            body = (self.root / path.partition(f"{COMMIT}/")[2]).read_bytes()
            headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()}"'
        else:
            headers, body = {"X-Error-Code": "RepoNotFound"}, b"{}"
        self.send_response(200 if "X-Repo-Commit" in headers else 404)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _tree(self) -> list[dict[str, object]]:
        files = sorted(path for path in self.root.rglob("*") if path.is_file())
        return [
            {
                "type": "file",
                "path": path.relative_to(self.root).as_posix(),
                "size": path.stat().st_size,
                "oid": hashlib.sha256(path.read_bytes()).hexdigest()[:40],
            }
            for path in files
        ]

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def hub(tmp_path, tiny_painter):
    """A hub that publishes the tiny painter in full and in half precision, with extras."""
    root = shutil.copytree(tiny_painter, tmp_path / "published")
    for weights in list(root.glob("*/*.safetensors")):
        half = weights.name.replace(".safetensors", ".fp16.safetensors")
        shutil.copy(weights, weights.with_name(half))
    (root / "single-file.safetensors").write_bytes(b"x")
    (root / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"pickle")
    served = type("Served", (HubServer,), {"root": root, "requests": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), served)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    yield Hub(address, tmp_path / "hub-cache", offline=False), served.requests
    server.shutdown()
    server.server_close()


def hub_model(repo="org/painter", commit=COMMIT) -> ResolvedModel:
    """A resolved hub id."""
    return ResolvedModel(reference=repo, kind="hub", digest=commit)


@pytest.fixture
def _online(monkeypatch):
    """The client may use the network, which here is this host."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)


@pytest.mark.usefixtures("_online")
def test_a_hub_model_is_downloaded_in_one_precision_and_then_cached(s3_environment, tmp_path, hub):
    """No weight comes twice, no pickle at all; the second process asks the hub nothing."""
    where, requests = hub
    assert local_directory(hub_model(), tmp_path, hub=where) is None
    assert requests == []
    folder = store(tmp_path, where).fetch(hub_model())
    weights = {p.name for p in folder.rglob("*") if p.suffix in (".safetensors", ".bin")}
    assert weights == {"diffusion_pytorch_model.fp16.safetensors", "model.fp16.safetensors"}
    assert load_painter(folder, "cpu")
    asked = len(requests)
    assert store(tmp_path, where).fetch(hub_model()) == folder
    assert local_directory(hub_model(), tmp_path, hub=where) == folder
    assert len(requests) == asked
    offline = Hub(where.endpoint, where.cache, offline=True)
    assert store(tmp_path, offline).fetch(hub_model()) == folder


@pytest.mark.usefixtures("_online")
def test_a_config_is_had_without_its_model(s3_environment, tmp_path, hub):
    """Its labels are told before a submission, which downloads no weights; then it is cached."""
    where, requests = hub
    write_labelled(tmp_path / "published")
    folder = config_directory(hub_model(), tmp_path, hub=where)
    assert read_labels(folder, "org/painter").names == LABELS
    assert {path.rpartition("/")[2] for path in requests} == {COMMIT, "config.json"}
    offline = Hub(where.endpoint, where.cache, offline=True)
    assert config_directory(hub_model(), tmp_path, hub=offline) == folder
    assert local_directory(hub_model(), tmp_path, hub=offline) is None
    assert config_directory(hub_model("org/other"), tmp_path, hub=where) is None
    assert load_painter(store(tmp_path, where).fetch(hub_model()), "cpu")


@pytest.mark.usefixtures("_online")
def test_a_model_that_the_hub_lacks_is_missing(s3_environment, tmp_path, hub):
    """The hub's 404 is ModelMissing; trying again would not help."""
    with pytest.raises(ModelMissing, match="org/other"):
        store(tmp_path, hub[0]).fetch(hub_model("org/other"))


@pytest.mark.usefixtures("_online")
def test_a_hub_that_does_not_answer_is_a_passing_fault(s3_environment, tmp_path, hub, monkeypatch):
    """An item is retried, and not failed, because of the way to the hub."""
    # The client tries several times by itself; the test does not wait for it.
    patient = SimpleNamespace(sleep=lambda seconds: None)
    monkeypatch.setattr("huggingface_hub.utils._http.time", patient)
    closed = Hub("http://127.0.0.1:9", hub[0].cache, offline=False)
    with pytest.raises(ModelUnavailable) as caught:
        store(tmp_path, closed).fetch(hub_model())
    assert caught.value.retryable


@pytest.mark.usefixtures("_online")
def test_half_a_snapshot_is_completed(s3_environment, tmp_path, hub):
    """A download that was killed is not taken for a whole model; offline it is missing."""
    where, _ = hub
    folder = store(tmp_path, where).fetch(hub_model())
    (folder / "vae" / "diffusion_pytorch_model.fp16.safetensors").unlink()
    offline = Hub(where.endpoint, where.cache, offline=True)
    with pytest.raises(ModelMissing, match="switched off"):
        store(tmp_path, offline).fetch(hub_model())
    assert load_painter(store(tmp_path, where).fetch(hub_model()), "cpu")
