"""One real `restyle serve`: closed off this host without a token, then over TLS until SIGTERM."""

import json
import re
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import closing

from producer.backoffice.access.tokens import make_token
from shared.board import StatusBoard
from shared.roles import Role
from shared.settings import load_settings
from tests.certificates import Authority

COMMAND = [sys.executable, "-m", "producer", "serve", "--host", "0.0.0.0", "--port", "0"]


def ask(url: str, context: ssl.SSLContext, headers: dict[str, str]) -> int:
    """The status of an answer."""
    try:
        request = urllib.request.Request(url, headers=headers)
        with urllib.request.urlopen(request, context=context, timeout=30) as answer:
            assert "server" not in answer.headers
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_the_service_is_safe_from_its_start_to_its_end(restyle_environment, tmp_path, started):
    """Without a token it refuses; with one it answers who has it, logs no secret, and drains."""
    refused = subprocess.run(COMMAND, capture_output=True, text=True, timeout=60, check=False)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("error tokens_missing http://0.0.0.0:0 can be reached")

    with closing(StatusBoard.connect(load_settings())) as board:
        token = str(make_token(board, "erp", Role.VIEWER).credential)
    authority = Authority(tmp_path, "ours")
    shown = authority.issue("127.0.0.1")
    command = [*COMMAND, "--tls-cert", str(shown.certificate), "--tls-key", str(shown.key)]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    started.append(server)
    with server.stdout as told:
        port = re.search(r"https://0\.0\.0\.0:(\d+)/ to whoever signs in", told.readline())[1]

    url, context = (
        f"https://127.0.0.1:{port}/api/v1/batches?q=private",
        ssl.create_default_context(),
    )
    context.load_verify_locations(authority.file)
    forged = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "203.0.113.9"}
    assert (ask(url, context, {}), ask(url, context, forged)) == (401, 200)
    server.terminate()
    assert server.wait(30) == 0
    text = (tmp_path / "log").read_text()
    assert token.rpartition("_")[2] not in text
    assert "private" not in text
    asked = [json.loads(line) for line in text.splitlines() if '"event": "request"' in line]
    seen = [(line["status"], line["who"], line["address"]) for line in asked]
    assert seen == [(401, None, "127.0.0.1"), (200, "erp", "127.0.0.1")]
