"""`restyle token`: made once, listed without secrets, revoked."""

import json

import pytest
from typer.testing import CliRunner

from producer.backoffice.access.credential import Credential
from producer.cli import app


@pytest.fixture
def run(restyle_environment):
    """Run a command; returns its result."""
    return lambda *arguments: CliRunner().invoke(app, ["token", *arguments])


def test_a_token_is_shown_once(run):
    """Alone on its line, with how to use it; the list has all but its secret."""
    made = run("add", "night-shift", "--role", "operator", "--expires", "90d")
    credential = Credential.parse(made.stdout.splitlines()[0])
    assert "Authorization: Bearer" in made.stdout
    listed = run("list")
    assert all(part in listed.stdout for part in (credential.token_id, "night-shift", "operator"))
    assert credential.secret not in listed.stdout
    (facts,) = json.loads(run("list", "--json").stdout)
    assert (facts["name"], facts["role"], facts["expired"]) == ("night-shift", "operator", False)
    assert not facts.keys() & {"digest", "secret", "token"}


def test_a_token_is_revoked_by_its_id(run):
    """Once; then there is none of that id."""
    made = json.loads(run("add", "erp", "--role", "viewer", "--json").stdout)
    assert Credential.parse(made["token"]).token_id == made["token_id"]
    assert run("revoke", made["token_id"]).exit_code == 0
    gone = run("revoke", made["token_id"])
    assert (gone.exit_code, gone.stderr.split()[1]) == (2, "token_unknown")
    assert "There is no token." in run("list").stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("erp", "--role", "viewer"), "token_exists"),
        (("local", "--role", "viewer"), "token_invalid"),
        (("a b", "--role", "viewer"), "token_invalid"),
        (("x", "--role", "viewer", "--expires", "soon"), "token_invalid"),
        (("x", "--role", "viewer", "--expires", "0s"), "token_invalid"),
    ],
)
def test_a_token_that_cannot_be_made_is_said(run, arguments, code):
    """One sentence and a hint; nothing was kept."""
    run("add", "erp", "--role", "admin")
    refused = run("add", *arguments)
    assert (refused.exit_code, refused.stderr.split()[1]) == (2, code)
    assert len(json.loads(run("list", "--json").stdout)) == 1
