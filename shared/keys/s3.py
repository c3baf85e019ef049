"""Keys in S3: every one is built here, and S3 addresses are taken apart here."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Self

from shared.errors import AddressInvalid

#: S3's own limit on a key, in bytes of UTF-8.
MAX_KEY_BYTES = 1_024
#: Of a source's stem this many bytes stay in a result's key; the fingerprint tells it apart.
MAX_STEM_BYTES = 200
#: No name that is built here is longer, so that an output prefix has room for each of them.
MAX_NAME_BYTES = 256
#: Nor is the folder of a replay or a rendering, which lies below an output prefix and holds such
#: names again.
MAX_REPLAY_BYTES = 128

#: A bucket's name by S3's rules; underscores are of old, and other servers take single letters.
_BUCKET = re.compile(r"[a-z0-9](([a-z0-9_-]|\.(?!\.)){0,61}[a-z0-9])?")
#: Names of that form that lead boto3 to other hosts: addresses, aliases, directory buckets.
_OTHER_ENDPOINT = re.compile(
    r"[0-9]+(\.[0-9]+){3}|.*(-s3alias|--ol-s3|--x-s3|--table-s3|\.mrap)|.*\.amazonaws\..*"
)


@dataclass(frozen=True, slots=True)
class S3Address:
    """s3://bucket/key; the key of a prefix ends in a slash or is empty."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, text: str, *, kind: str = "S3 address") -> Self:
        """Take s3://bucket/key apart.

        Raises:
            AddressInvalid: Another scheme, no bucket, a key that is too long or climbs (`..`).
        """
        bucket, _, key = text.removeprefix("s3://").partition("/")
        reason = "" if text.startswith("s3://") else "it does not start with s3://"
        reason = reason or _bucket_problem(bucket) or _key_problem(key)
        if reason:
            raise AddressInvalid(address=repr(text), kind=kind, reason=reason)
        return cls(bucket, key)

    @classmethod
    def parse_object(cls, text: str, *, kind: str = "S3 address") -> Self:
        """Like `parse`, for an object: the key is none of a folder or of the bucket's root.

        Raises:
            AddressInvalid: As `parse`, or it names no object.
        """
        address = cls.parse(text, kind=kind)
        if not address.key or address.key.endswith("/"):
            raise AddressInvalid(address=repr(text), kind=kind, reason="it names no object")
        return address

    @classmethod
    def parse_prefix(cls, text: str, *, kind: str = "S3 prefix") -> Self:
        """Like `parse`, for a folder: the key gets its closing slash."""
        address = cls.parse(text, kind=kind)
        is_closed = not address.key or address.key.endswith("/")
        return address if is_closed else cls.parse(f"{address}/", kind=kind)

    @classmethod
    def parse_output(cls, text: str) -> Self:
        """Like `parse_prefix`, for the folder of results, whose names must fit under it.

        Raises:
            AddressInvalid: No prefix, or a prefix that is too long.
        """
        address = cls.parse_prefix(text, kind="output")
        room = MAX_KEY_BYTES - MAX_NAME_BYTES - MAX_REPLAY_BYTES
        if len(address.key.encode()) > room:
            reason = f"over {room} bytes leave no room for the results' names"
            raise AddressInvalid(address=repr(text), kind="output", reason=reason)
        return address

    @property
    def stem(self) -> str:
        """The key's last part without its extension."""
        return PurePosixPath(self.key).stem

    @property
    def folder(self) -> "S3Address":
        """The prefix that the address lies directly under."""
        folder, slash, _ = self.key.rpartition("/")
        return S3Address(self.bucket, folder + slash)

    def join(self, name: str) -> "S3Address":
        """The address of a name under this prefix."""
        return S3Address(self.bucket, self.key + name)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def _bucket_problem(bucket: str) -> str:
    if not bucket:
        return "the bucket is missing"
    if not _BUCKET.fullmatch(bucket):
        return (
            "a bucket's name has up to 63 small letters, digits, dots, dashes and underscores; "
            "an ARN or host:port is none"
        )
    if _OTHER_ENDPOINT.fullmatch(bucket):
        return "this is the name of an access point or another endpoint, not of a bucket"
    return ""


def _key_problem(key: str) -> str:
    # Most keys are printable, and a look at each character's category takes long.
    categories = set() if key.isprintable() else {unicodedata.category(char) for char in key}
    if "Cs" in categories:
        return "the key is no Unicode"
    if len(key.encode()) > MAX_KEY_BYTES:
        return f"the key is over {MAX_KEY_BYTES} bytes"
    if "Cc" in categories:
        return "the key has control characters"
    # Some gateways normalise these and would leave the bucket.
    if any(part in {".", ".."} for part in key.split("/")) or "//" in f"/{key}":
        return "the key has empty, `.` or `..` parts"
    return ""


#: The name of a result's file, taken apart.
_RESULT_NAME = re.compile(
    r"(?P<stem>.+)\.(?P<mark>[0-9a-f]{12})"
    r"\.((failed\.)?json|(mask|map|frozen)\.png|thumbs\.jpg|v[0-9]+\.[a-z]+)"
)


@dataclass(frozen=True, slots=True)
class ResultKeys:
    """The keys of one item's outputs: changed content is always a new key."""

    output: S3Address
    stem: str
    #: First twelve hex digits of the item's fingerprint.
    mark: str

    @classmethod
    def of(cls, output: str, source: str, fingerprint: str) -> Self:
        """Keys for a source rendered under a fingerprint below an output prefix."""
        # A name that begins with a dot is hidden from whoever lists a copy of the results.
        stem = S3Address.parse(source).stem.lstrip(".") or "item"
        short = stem.encode()[:MAX_STEM_BYTES].decode(errors="ignore")
        return cls(S3Address.parse_prefix(output, kind="output"), short, fingerprint[:12])

    @classmethod
    def named(cls, address: S3Address) -> Self | None:
        """The keys that an address is one of; None where it is no result's."""
        output = address.folder
        found = _RESULT_NAME.fullmatch(address.key.removeprefix(output.key))
        return cls(output, found["stem"], found["mark"]) if found else None

    def _name(self, ending: str) -> S3Address:
        return self.output.join(f"{self.stem}.{self.mark}.{ending}")

    def variant(self, number: int, extension: str) -> S3Address:
        """The picture of variant `number`, from 1."""
        return self._name(f"v{number}.{extension}")

    @property
    def mask(self) -> S3Address:
        """The mask at the source's size."""
        return self._name("mask.png")

    @property
    def map(self) -> S3Address:
        """The segmenter's probabilities, at its own resolution."""
        return self._name("map.png")

    @property
    def frozen(self) -> S3Address:
        """The mask's alpha, which an approval freezes."""
        return self._name("frozen.png")

    @property
    def thumbnails(self) -> S3Address:
        """The strip of small pictures: source, mask, variants."""
        return self._name("thumbs.jpg")

    @property
    def sidecar(self) -> S3Address:
        """The JSON beside a result."""
        return self._name("json")

    @property
    def failure(self) -> S3Address:
        """The JSON that says why there is no result."""
        return self._name("failed.json")


def batch_file(output: str, batch_id: str, name: str) -> S3Address:
    """A file about a whole batch, such as `results.jsonl` or `batch.json`."""
    return S3Address.parse_prefix(output, kind="output").join(f"_batches/{batch_id}/{name}")


def catalogue_file(output: str, batch_id: str, digest: str, suffix: str) -> S3Address:
    """The file that a batch was made from, by its digest and with its ending, as `.csv`."""
    return batch_file(output, batch_id, f"catalogue.{digest[:12]}{suffix.lower()}")


def index_prefix(output: str) -> S3Address:
    """Where the index of earlier results lies below an output prefix; nothing else does."""
    return S3Address.parse_prefix(output, kind="output").join("_index/")


def staging_prefix(output: str) -> S3Address:
    """Where masks and results that wait for a person lie below an output prefix, nothing else."""
    return S3Address.parse_prefix(output, kind="output").join("_staging/")


def replay_prefix(output: str, batch_id: str) -> S3Address:
    """Where a replay's own results lie below an output prefix; nothing else does."""
    return S3Address.parse_prefix(output, kind="output").join(f"_replays/{batch_id}/")


def is_replay(output: str, batch_id: str) -> bool:
    """Whether a batch of this output is a replay: its results lie where `replay_prefix` says."""
    return output.endswith(f"/_replays/{batch_id}/")


def rendering_prefix(output: str, rendering_id: str) -> S3Address:
    """Where a rendering's pictures and results lie below an output prefix; nothing else does."""
    return S3Address.parse_prefix(output, kind="output").join(f"_renderings/{rendering_id}/")


def is_rendering(output: str, batch_id: str) -> bool:
    """Whether a batch of this output is a rendering: it lies where `rendering_prefix` says."""
    return output.endswith(f"/_renderings/{batch_id}/")


def is_apart(output: str, batch_id: str) -> bool:
    """Whether a batch is no order of a catalogue: a replay or a rendering.

    Lists, plans, the index, reports and webhooks leave it out.
    """
    return is_replay(output, batch_id) or is_rendering(output, batch_id)


def supplied_mask(output: str, sha256: str, extension: str) -> S3Address:
    """Where a mask that somebody handed in by its bytes lies below an output prefix."""
    return S3Address.parse_prefix(output, kind="output").join(f"_masks/{sha256}.{extension}")


def probe_key(output: str, mark: str) -> S3Address:
    """The object that `restyle doctor` writes, reads and removes below an output prefix."""
    return S3Address.parse_output(output).join(f"_doctor/{mark}.txt")


def item_mark(batch_id: str, number: int) -> str:
    """A stand-in for the fingerprint of an item that failed before it had one."""
    return hashlib.sha256(f"{batch_id}/{number}".encode()).hexdigest()
