"""Settings: one reader of the environment, with an order, an origin for each value, and masks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import SettingsInvalid
from shared.origins import describe_ecosystem, describe_settings
from shared.settings import Settings, cache_path, child_environment, config_path, load_settings
from shared.urls import mask_url


@pytest.fixture
def config_file():
    """The configuration file of this test; call with its text."""
    path = config_path()

    def write(text: str) -> str:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def described(name: str) -> tuple[str, str]:
    """Value and origin of one setting."""
    return next((line.value, line.origin) for line in describe_settings() if line.name == name)


def test_defaults_hold_without_environment_and_file():
    """Nothing set: every setting but the test's own log format says `default`."""
    assert load_settings().window == Settings.model_fields["window"].default
    origins = {line.origin for line in describe_settings() if line.name != "RESTYLE_LOG_FORMAT"}
    assert origins == {"default"}


def test_the_environment_beats_the_file_and_the_file_the_default(config_file, monkeypatch):
    """Order and origins agree."""
    path = config_file("threads = 5\nwindow = 9\n")
    monkeypatch.setenv("RESTYLE_THREADS", "7")
    assert (load_settings().threads, load_settings().window) == (7, 9)
    assert described("RESTYLE_THREADS") == ("7", "environment")
    assert described("RESTYLE_WINDOW") == ("9", path)
    assert described("RESTYLE_MAX_BATCH") == ("8", "default")


def test_an_empty_variable_counts_as_unset(config_file, monkeypatch):
    """`RESTYLE_THREADS=` in a compose file does not hide the configuration file."""
    path = config_file("threads = 5\n")
    monkeypatch.setenv("RESTYLE_THREADS", "")
    assert load_settings().threads == 5
    assert described("RESTYLE_THREADS") == ("5", path)


def test_the_configuration_file_can_be_named(tmp_path, monkeypatch):
    """RESTYLE_CONFIG names the file and is no setting itself."""
    (tmp_path / "my.toml").write_text("threads = 3\n")
    monkeypatch.setenv("RESTYLE_CONFIG", str(tmp_path / "my.toml"))
    assert load_settings().threads == 3


def test_a_configuration_file_that_is_named_must_be_there(tmp_path, monkeypatch):
    """A mistyped RESTYLE_CONFIG never means the defaults; /dev/null does."""
    monkeypatch.setenv("RESTYLE_CONFIG", str(tmp_path / "mine.toml"))
    with pytest.raises(SettingsInvalid, match=r"RESTYLE_CONFIG names /.*/mine\.toml, and there is"):
        load_settings()
    monkeypatch.setenv("RESTYLE_CONFIG", "/dev/null")
    assert load_settings().threads == Settings.model_fields["threads"].default


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("RESTYLE_THREADS", "0", "RESTYLE_THREADS: .*greater than or equal to 1"),
        ("RESTYLE_THREADS", "many", "RESTYLE_THREADS: should be a whole number, not 'many'"),
        ("RESTYLE_LEASE_SECONDS", "nan", "RESTYLE_LEASE_SECONDS"),
        ("RESTYLE_NAMESPACE", "No Spaces", "should be up to 40 small letters"),
        ("RESTYLE_THREAD", "4", r"no setting RESTYLE_THREAD \(did you mean RESTYLE_THREADS\?\)"),
        (
            "RESTYLE_LOG_LEVEL",
            "loud",
            "should be 'debug', 'info', 'warning' or 'error', not 'loud'",
        ),
    ],
)
def test_a_wrong_or_unknown_variable_is_named(monkeypatch, name, value, message):
    """A typing error is found at once, not by its missing effect."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsInvalid, match=message):
        load_settings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("thread = 4", r"there is no setting thread \(did you mean threads\?\)"),
        ("threads = ", "the configuration file /.*/config.toml is no readable TOML"),
        ("threads = 0", "RESTYLE_THREADS: should be"),
    ],
)
def test_a_wrong_configuration_file_is_named(config_file, text, message):
    """An unknown line, bad TOML and a value out of range are errors."""
    config_file(text)
    with pytest.raises(SettingsInvalid, match=message):
        load_settings()


def test_no_secret_is_shown(monkeypatch):
    """Passwords in URLs, AWS keys and tokens never appear in what is printed."""
    secrets = {
        "RESTYLE_REDIS_URL": "redis://user:hush@host:6379/0",
        "RESTYLE_BROKER_URL": "rediss://:hush@host:6379/0",
        "AWS_ENDPOINT_URL_S3": "https://user:hush@minio.example",
        "AWS_ACCESS_KEY_ID": "hush",
        "AWS_SECRET_ACCESS_KEY": "hush",
        "AWS_SESSION_TOKEN": "hush",
        "HF_TOKEN": "hush",
    }
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    lines = [*describe_settings(), *describe_ecosystem()]
    shown = {line.name: line.value for line in lines}
    assert secrets.keys() <= shown.keys()
    assert "hush" not in repr(lines) + repr(load_settings())
    assert shown["RESTYLE_REDIS_URL"] == "redis://user:***@host:6379/0"


def test_the_ecosystem_shows_what_is_set_only(monkeypatch):
    """Variables of others appear under their own names, when they are set."""
    monkeypatch.setenv("AWS_PROFILE", "shop")
    monkeypatch.delenv("HF_HUB_OFFLINE")
    shown = {line.name: line.value for line in describe_ecosystem()}
    assert shown["AWS_PROFILE"] == "shop"
    assert "HF_HUB_OFFLINE" not in shown


def test_the_xdg_folders_are_followed(tmp_path, monkeypatch):
    """Configuration and cache lie where XDG says, else in the home directory."""
    assert config_path() == tmp_path / "config" / "restyle" / "config.toml"
    assert cache_path() == tmp_path / "cache" / "restyle"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_path() == tmp_path / "home" / ".cache" / "restyle"


def test_a_child_gets_this_environment_with_changes(monkeypatch):
    """What a child is started with is ours, changed, and ours stays as it is."""
    monkeypatch.setenv("RESTYLE_THREADS", "2")
    environment = child_environment({"CUDA_VISIBLE_DEVICES": "1"})
    assert (environment["RESTYLE_THREADS"], environment["CUDA_VISIBLE_DEVICES"]) == ("2", "1")


def test_the_broker_is_the_board_unless_it_is_set(monkeypatch):
    """One Redis URL serves both."""
    monkeypatch.setenv("RESTYLE_REDIS_URL", "redis://a/0")
    assert load_settings().effective_broker_url == "redis://a/0"
    monkeypatch.setenv("RESTYLE_BROKER_URL", "redis://b/1")
    assert load_settings().effective_broker_url == "redis://b/1"


plain = st.text("abcdefghijklmnopqrstuvwxyz0123456789%:", min_size=1, max_size=30)


@given(user=st.text("abcdefg", max_size=8), password=plain)
def test_a_masked_url_holds_no_password(user, password):
    """Whatever the password, it is gone, and scheme, user and host stay."""
    masked = mask_url(f"redis://{user}:{password}@host.example:6379/0")
    assert masked == f"redis://{user}:***@host.example:6379/0"


@pytest.mark.parametrize("url", ["redis://host:6379/0", "unix:///run/redis.sock", "host:6379"])
def test_a_url_without_a_password_is_shown_as_it_is(url):
    """Nothing to hide, nothing hidden."""
    assert mask_url(url) == url
