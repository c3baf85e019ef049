"""An S3 inside the test's own process: boto3 as ever, but what it would send is answered at once.

For tests of thousands of requests, which sockets and a server would make slow.
"""

import io
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from urllib3 import HTTPResponse

from infra.s3.memory import MemoryStore, Request
from shared.s3 import ObjectStore
from shared.s3.client import make_client


def inner_store(objects: MemoryStore) -> ObjectStore:
    """A store whose requests are answered from objects in memory."""
    client = make_client(pool=1, read_seconds=1.0, attempts=1)

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        said = objects.answer(_request(request))
        length = {"Content-Length": str(len(said.body))}
        body = b"" if request.method == "HEAD" else said.body
        raw = HTTPResponse(io.BytesIO(body), preload_content=False)
        return AWSResponse(request.url, said.status.value, {**said.headers, **length}, raw)

    client.meta.events.register("before-send.s3", answer)
    return ObjectStore(client)


def _request(sent: AWSPreparedRequest) -> Request:
    url = urlsplit(sent.url)
    body = sent.body.read() if hasattr(sent.body, "read") else sent.body or b""
    headers = {name.lower(): _text(value) for name, value in sent.headers.items()}
    return Request(sent.method, unquote(url.path).lstrip("/"), parse_qs(url.query), headers, body)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
