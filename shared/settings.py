"""The only reader of the environment: one frozen model of every `RESTYLE_*` setting.

Order: command line, environment, configuration file, default. The file is
`$XDG_CONFIG_HOME/restyle/config.toml` (or the one that RESTYLE_CONFIG names). Variables of the
ecosystem keep their names and their owners: AWS_* (boto3), HF_* (huggingface_hub), XDG_*.
"""

import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from shared.allowed import AllowedPlaces, PlaceList
from shared.errors import SettingsInvalid
from shared.folders import FolderList
from shared.optimizations import OptimizationNames, WarmUps
from shared.pictures.limits import Limits
from shared.urls import PublicUrl
from shared.webhooks import NetworkList, SecretList, TargetList
from shared.wording import Problem, did_you_mean, in_one_sentence, like, problems

PREFIX = "RESTYLE_"


class Settings(BaseSettings):
    """Every setting of Restyle; the field `max_pixels` is the variable RESTYLE_MAX_PIXELS."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore"
    )

    #: Redis for board and queue: redis://, rediss://, unix://, redis+socket://, valkey://.
    redis_url: SecretStr = Field(SecretStr("redis://127.0.0.1:6379/0"))
    #: Another Redis for the queue's messages; by default the same one.
    broker_url: SecretStr | None = None
    #: First part of every Redis key, and of the queue's name.
    namespace: Annotated[
        str, like("[a-z0-9-]{1,40}", "should be up to 40 small letters, digits and dashes")
    ] = "restyle"

    #: Where `restyle doctor` puts its test object, and the default of --output.
    output: str | None = None
    #: A folder with the style files that the back office offers; by default none.
    styles: Path | None = None

    #: Only under these s3:// prefixes may be read, commas between them; needs
    #: RESTYLE_ALLOWED_OUTPUTS, which may be read too.
    allowed_sources: PlaceList = ""
    #: Only under these s3:// prefixes may be written, commas between them; by default anywhere.
    allowed_outputs: PlaceList = ""

    #: Folders of this host whose models requests over HTTP may name, commas between them; styles
    #: of RESTYLE_STYLES name any.
    model_folders: FolderList = ""

    #: Every batch's events go to these URLs, commas between them; `restyle submit --webhook` names
    #: others for one batch.
    webhooks: TargetList = ""
    #: Signs events: whsec_…, or several with spaces between, whose signatures are all sent.
    webhook_secret: SecretList | None = None
    #: Networks (CIDR, commas between them) beside the public internet that webhooks may be sent to;
    #: http:// goes nowhere else.
    webhook_allowed_networks: NetworkList = ""

    #: Devices of this host: all, cpu, or numbers such as 0,1.
    devices: str = "all"
    #: Item threads per device.
    threads: int = Field(32, ge=1, le=256)
    #: Largest number of pictures that are painted in one call.
    max_batch: int = Field(8, ge=1, le=128)
    #: Longest wait for batch mates, in seconds.
    batch_wait_seconds: float = Field(0.1, ge=0, le=10)
    #: What a GPU does for speed: all, none, or of compile,channels_last,sdpa,pinned; the others are
    #: not measured on a GPU yet.
    optimizations: OptimizationNames = "channels_last"
    #: Models to load and paint with before the first item: reference@working size, commas between.
    warm_up: WarmUps = ""
    #: Memory that may be taken of each GPU, in bytes; by default all. Calls get smaller to fit.
    device_memory_bytes: int | None = Field(None, ge=4_000_000_000)
    #: A claim not renewed for this long goes to another worker, and a schedule's run to another
    #: steward.
    lease_seconds: float = Field(30, ge=1, le=3600)
    #: A worker that drains hands everything back after this long at the latest.
    drain_seconds: float = Field(60, ge=1, le=3600)
    #: Longest call on the device; after the first of a kind, 20 times the longest before (a
    #: minute at least) is the limit.
    hang_seconds: float = Field(1800, ge=1, le=86_400)
    #: An item that was claimed this often without an end is failed as poison.
    max_deliveries: int = Field(5, ge=1, le=100)
    #: An item that was on the device, or being decoded, when its worker died this often is poison.
    max_strikes: int = Field(3, ge=1, le=100)
    #: A passing fault (S3, Redis) is retried this often before the item fails.
    max_retries: int = Field(3, ge=0, le=100)

    #: Messages that are kept ahead of the workers, per lane.
    window: int = Field(256, ge=1, le=100_000)
    #: A message that led to no claim for this long is published again.
    republish_seconds: float = Field(60, ge=1, le=3600)

    #: Days after which an ended batch leaves Redis and is read from S3; 0: at the next beat.
    retention_days: float = Field(30, ge=0, le=36_500)

    #: Largest picture file, in bytes; checked before it is read.
    max_image_bytes: int = Field(50_000_000, ge=1_000)
    #: Longest width or height of a picture, in pixels; checked before it is decoded.
    max_image_side: int = Field(16_384, ge=64)
    #: Most pixels of a picture; checked before it is decoded.
    max_image_pixels: int = Field(64_000_000, ge=4_096)
    #: Memory for the pictures under way in one worker process, in bytes; the others wait.
    max_memory_bytes: int = Field(4_000_000_000, ge=10_000_000)
    #: Largest model archive in bytes, packed and unpacked.
    max_model_bytes: int = Field(40_000_000_000, ge=1_000_000)

    #: Where `restyle serve` listens; beyond this host it needs a token to sign in with.
    serve_host: str = "127.0.0.1"
    #: Its port; 0 takes a free one.
    serve_port: int = Field(8787, ge=0, le=65_535)
    #: The address that people open, such as https://restyle.example, where it is served through a
    #: proxy.
    public_url: PublicUrl | None = None
    #: Proxies (CIDR, commas between them) that tell truly who asks, and whether over TLS.
    trusted_proxies: NetworkList = ""
    #: Largest body of a request that holds rows or a picture in base64, in bytes; others have 1 MB.
    max_body_bytes: int = Field(80_000_000, ge=1_000_000)
    #: Requests that the back office works on at a time; the others wait.
    serve_threads: int = Field(64, ge=4, le=1_000)

    #: Seconds between two lines of figures in a worker's log.
    figures_seconds: float = Field(60, ge=1, le=3600)
    #: Where metrics are served; 0.0.0.0 shows them to the network.
    metrics_host: str = "127.0.0.1"
    #: First port of the workers' metrics, one port a device; 0 serves none.
    metrics_port: int = Field(0, ge=0, le=65_000)
    #: Port of the steward's metrics; 0 serves none.
    steward_metrics_port: int = Field(0, ge=0, le=65_535)
    #: json or console; by default console on a terminal.
    log_format: Literal["auto", "json", "console"] = "auto"
    #: debug, info, warning or error.
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @model_validator(mode="after")
    def _results_are_read_back(self) -> Self:
        if self.allowed_sources and not self.allowed_outputs:
            msg = (
                "RESTYLE_ALLOWED_SOURCES is set and RESTYLE_ALLOWED_OUTPUTS is not: results are "
                "read back, so their place must be named too"
            )
            raise ValueError(msg)
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What a caller passes, then the environment, then the configuration file."""
        file_settings = TomlConfigSettingsSource(settings_cls, toml_file=config_path())
        return init_settings, env_settings, file_settings

    @property
    def allowed(self) -> AllowedPlaces:
        """Where objects may be read and written."""
        return AllowedPlaces.parse(self.allowed_sources, self.allowed_outputs)

    @property
    def limits(self) -> Limits:
        """What a picture may measure."""
        return Limits(self.max_image_bytes, self.max_image_side, self.max_image_pixels)

    @property
    def effective_broker_url(self) -> str:
        """The Redis that carries the queue's messages."""
        return (self.broker_url or self.redis_url).get_secret_value()


def config_path() -> Path:
    """The configuration file: RESTYLE_CONFIG, else config.toml in the XDG configuration folder."""
    named = _environ().get(f"{PREFIX}CONFIG")
    return Path(named) if named else _xdg_folder("CONFIG", ".config") / "config.toml"


def cache_path() -> Path:
    """The folder for model archives: `$XDG_CACHE_HOME/restyle`."""
    return _xdg_folder("CACHE", ".cache")


def _xdg_folder(kind: str, fallback: str) -> Path:
    base = _environ().get(f"XDG_{kind}_HOME")
    return (Path(base) if base else Path.home() / fallback) / "restyle"


def _environ() -> Mapping[str, str]:
    return os.environ  # noqa: TID251 - the one reader


def child_environment(
    changes: Mapping[str, str] | None = None, *, without: tuple[str, ...] = ()
) -> dict[str, str]:
    """This process's environment for a process about to be started.

    Args:
        changes: Variables to set.
        without: Variables whose names start so are left out.
    """
    kept = {name: value for name, value in _environ().items() if not name.startswith(without)}
    return kept | dict(changes or {})


def visible_gpus() -> str | None:
    """CUDA_VISIBLE_DEVICES as given to this process; None when unset."""
    return _environ().get("CUDA_VISIBLE_DEVICES")


def given_variables(names: Iterable[str]) -> dict[str, str]:
    """Those of the variables that are set."""
    given = ((name, _environ().get(name)) for name in names)
    return {name: value for name, value in given if value}


def load_settings() -> Settings:
    """Settings from environment and configuration file.

    Raises:
        SettingsInvalid: An unknown `RESTYLE_*` variable or line, or a value out of range.
    """
    _refuse_unknown(given_origins())
    try:
        return Settings()
    except ValidationError as error:
        wrong = [_as_variable(problem) for problem in problems(error, Settings.model_fields)]
        names = ", ".join(problem.field for problem in wrong)
        raise SettingsInvalid(name=names, reason=in_one_sentence(wrong)) from error


def _as_variable(problem: Problem) -> Problem:
    return problem._replace(field=PREFIX + problem.field.upper()) if problem.field else problem


def given_origins() -> dict[str, str]:
    """Where each given setting comes from: a variable's name, or the file, which it beats."""
    names = (name for name, value in _environ().items() if name.startswith(PREFIX) and value)
    from_env = {name.removeprefix(PREFIX).lower(): name for name in names}
    from_env.pop("config", None)
    return dict.fromkeys(_read_file(config_path()), str(config_path())) | from_env


def _read_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        _refuse_named(path)
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = f"the configuration file {path} is no readable TOML ({error})"
        raise SettingsInvalid(name=path, reason=reason) from error


def _refuse_named(path: Path) -> None:
    """Let a configuration file be missing that nobody asked for."""
    name = f"{PREFIX}CONFIG"
    if _environ().get(name):
        raise SettingsInvalid(name=name, reason=f"{name} names {path}, and there is no such file")


def _refuse_unknown(origins: Mapping[str, str]) -> None:
    for name in origins.keys() - Settings.model_fields.keys():
        raise SettingsInvalid(name=origins[name], reason=_unknown(name, origins[name]))


def _unknown(name: str, origin: str) -> str:
    """In the words of where it stands: a variable, or a line of the file."""
    if origin.startswith(PREFIX):
        near = did_you_mean(origin, (PREFIX + field.upper() for field in Settings.model_fields))
        return f"there is no setting {origin}{near}"
    return f"there is no setting {name}{did_you_mean(name, Settings.model_fields)} ({origin})"
