"""The API by its own description: what nobody thought of asking, on the real Redis and S3."""

import hypothesis
import pytest
import schemathesis
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks
from starlette.types import ASGIApp, Receive, Scope, Send

from producer.backoffice.app import furnish

#: A few requests of each operation; together they take seconds.
EXAMPLES = 3
#: Those that wait for a worker, of whom there is none here; and those that would shut the test out.
LEFT_OUT = r"/(renderings|invocations|session|tokens)"
#: What no rule beside the schema can excuse.
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
]


class AtHome:
    """An app as this host alone reaches it: the client's own address and name are put in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            others = [header for header in scope["headers"] if header[0] != b"host"]
            home = [(b"host", b"127.0.0.1:8787"), *others]
            scope = {**scope, "client": ("127.0.0.1", 50_000), "headers": home}
        await self._app(scope, receive, send)


@pytest.fixture
def schema(app, office, board, submit, failure):
    """The document that the app gives of itself, over a board with a batch."""
    furnish(app, office)
    submit("spring", total=3)
    board.finish(board.claim("spring", 0, "w", 60), failure)
    found = schemathesis.openapi.from_asgi("/api/v1/openapi.json", AtHome(app))
    return found.exclude(path_regex=LEFT_OUT)


def test_every_answer_is_as_the_document_says(schema):
    """No server error; status, media type and body of each answer are described."""
    asked = [_ask(operation.ok()) for operation in schema.get_all_operations()]
    assert len(asked) > 25


def _ask(operation) -> None:
    """Send an operation a few requests that its description allows."""

    @hypothesis.seed(7)
    @hypothesis.settings(
        max_examples=EXAMPLES,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def ask(case) -> None:
        if len(case.path_parameters.get("batch", "")) % 2:  # who makes names up finds nothing
            case.path_parameters["batch"] = "spring"
            case.path_parameters |= {"number": 0} if "number" in case.path_parameters else {}
        case.call_and_validate(checks=CHECKS)

    ask()
