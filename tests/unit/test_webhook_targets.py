"""Webhook targets, networks and secrets as people write them: whole, or refused by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from producer.webhooks import named_for_batch, new_secret
from shared.errors import SettingsInvalid, WebhookInvalid, WebhookSecretMissing
from shared.jobs import Batch
from shared.origins import describe_settings
from shared.settings import Settings, load_settings
from shared.webhooks import MAX_TARGETS, AllowedNetworks, WebhookTarget, targets

SECRET = "whsec_" + "A" * 32
HOOK = "https://shop.example/hook"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (HOOK, HOOK),
        ("https://shop.example", "https://shop.example/"),
        ("HTTPS://Shop.Example:443/a?b=c", "https://shop.example/a?b=c"),
        ("http://10.0.0.7:8080/x", "http://10.0.0.7:8080/x"),
        ("https://[2001:db8::1]:8443/", "https://[2001:db8::1]:8443/"),
        ("https://läden.example/ä", "https://xn--lden-loa.example/%C3%A4"),
        ("https://shop.example/a%20b", "https://shop.example/a%20b"),
    ],
)
def test_a_target_is_read_as_it_will_be_asked_for(text, read):
    """Scheme, host, port and path; the host and the path in ASCII."""
    assert str(WebhookTarget.parse(text)) == read


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "must start with https://"),
        ("shop.example/hook", "must start with https://"),
        ("ftp://shop.example/", "must start with https://"),
        ("https:///hook", "names no host"),
        ("https://user:geheim@shop.example/", "names a user or a password"),
        ("https://geheim@shop.example/", "names a user or a password"),
        ("https://shop.example/#geheim", "after # is never sent"),
        ("https://shop.example:99999/", "cannot be read"),
        ("https://shop.example:0/", "no port 0"),
        ("https://[::1/", "cannot be read"),
        ("https://shop.example/a b", "printable"),
        ("https://shop.example/\r\nHost: other", "printable"),
        ("https://" + "a" * 64 + ".example/", "its host is no name"),
        ("https://a..example/", "its host is no name"),
        ("https://shop.example/" + "a" * 2_000, "printable"),
    ],
)
def test_what_is_no_target_is_refused_in_one_sentence(text, told):
    """Nothing of a password is repeated."""
    with pytest.raises(WebhookInvalid, match=told) as caught:
        WebhookTarget.parse(text)
    assert "geheim@" not in str(caught.value)
    with pytest.raises(WebhookInvalid):
        named_for_batch([text], Settings(webhook_secret=SECRET))


@given(st.text(max_size=60))
def test_no_text_raises_anything_but_our_own_error(text):
    """Whatever a person writes, it is a target or is refused; what is read, reads as itself."""
    for candidate in (text, "https://" + text, "http://a:" + text):
        try:
            found = WebhookTarget.parse(candidate)
        except WebhookInvalid:
            continue
        assert WebhookTarget.parse(str(found)) == found


def test_a_submission_names_each_target_once_and_needs_a_secret():
    """Also where only the settings name one; without any, no secret is asked for."""
    settings = Settings(webhook_secret=SECRET)
    assert named_for_batch([HOOK, HOOK], settings) == (HOOK,)
    assert named_for_batch([], Settings()) == ()
    for named, webhooks in (([HOOK], ""), ([], HOOK)):
        with pytest.raises(WebhookSecretMissing):
            named_for_batch(named, Settings(webhooks=webhooks))
    many = [f"{HOOK}/{number}" for number in range(MAX_TARGETS + 1)]
    with pytest.raises(WebhookInvalid, match="10 at most"):
        named_for_batch(many, settings)


def test_settings_name_several_targets(monkeypatch):
    """Commas between them; a wrong one is named."""
    monkeypatch.setenv("RESTYLE_WEBHOOKS", f"{HOOK}, https://b.example/ ,{HOOK}")
    assert targets(load_settings().webhooks) == (HOOK, "https://b.example/")
    monkeypatch.setenv("RESTYLE_WEBHOOKS", f"{HOOK},b.example")
    with pytest.raises(SettingsInvalid, match=r"b\.example is not a usable webhook target"):
        load_settings()


@pytest.mark.parametrize(
    "secret", ["geheim", "whsec_", "whsec_geheim", "whsec_" + "A" * 20, f"{SECRET} geheim", " "]
)
def test_what_is_no_secret_is_refused_and_not_repeated(monkeypatch, secret):
    """The scheme's form, 24 bytes at least; several are parted by spaces."""
    monkeypatch.setenv("RESTYLE_WEBHOOK_SECRET", secret)
    with pytest.raises(SettingsInvalid, match="RESTYLE_WEBHOOK_SECRET: holds no secret") as caught:
        load_settings()
    assert "geheim" not in str(caught.value)


def test_a_secret_is_shown_to_nobody(monkeypatch):
    """Not by `config show` either, which shows a Redis URL but for its password."""
    first, second = new_secret(), new_secret()
    assert first != second
    monkeypatch.setenv("RESTYLE_WEBHOOK_SECRET", f"{first} {second}")
    shown = {line.name: line.value for line in describe_settings()}
    assert shown["RESTYLE_WEBHOOK_SECRET"] == "***"
    assert first not in repr(load_settings())


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "0.0.0.0", "192.0.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1",
        "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1",
        "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1",
        "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::1", "2002:a00:1::",
        "::ffff:0:127.0.0.1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_closed(address):
    """Whatever the notation: loopback, private, link-local, shared, reserved, multicast, mapped."""
    assert not AllowedNetworks().allows(address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_a_public_address_is_allowed_but_not_open(address):
    """Open is what an operator has named; only that may be spoken to without TLS."""
    assert AllowedNetworks().allows(address)
    assert not AllowedNetworks().open(address)


def test_an_operator_opens_networks(monkeypatch):
    """By CIDR, in both families; an address that is written as IPv6 counts as what it is."""
    monkeypatch.setenv("RESTYLE_WEBHOOK_ALLOWED_NETWORKS", "10.0.0.0/8, ::1/128")
    allowed = AllowedNetworks.parse(load_settings().webhook_allowed_networks)
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "::1"):
        assert allowed.open(address)
        assert allowed.allows(address)
    assert not allowed.allows("127.0.0.1")
    monkeypatch.setenv("RESTYLE_WEBHOOK_ALLOWED_NETWORKS", "10.0.0.1/8")
    with pytest.raises(SettingsInvalid, match=r"10\.0\.0\.1/8 has host bits set"):
        load_settings()


def test_a_batch_holds_targets_only():
    """A forged record leads nowhere that a submission could not."""
    read = TypeAdapter(Batch.__annotations__["webhooks"]).validate_python
    assert read([HOOK]) == (HOOK,)
    for wrong in (["ftp://a"], [HOOK] * (MAX_TARGETS + 1)):
        with pytest.raises(ValidationError):
            read(wrong)
