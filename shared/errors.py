"""One tree of errors; a class states its code, its sentence, its hint and whether a retry can help.

RestyleError
├── InputError      what a person handed in: settings, style, manifest, batch ids, addresses
├── ImageError      a source or mask picture that cannot be used
├── MaskError       a mask that must not be painted
├── StorageError    S3
├── BoardError      Redis: board, claims, messages
├── ModelError      model references, archives and directories
└── DeviceError     the device, and what dies on it

The codes are stable: they stand on the board, in sidecars, in `--json` and in people's scripts.
"""

from collections.abc import Iterator, Mapping
from typing import ClassVar


class RestyleError(Exception):
    """Something went wrong inside Restyle; the log has the whole story."""

    #: Stable, snake_case name of what happened.
    code: ClassVar[str] = "internal"
    #: Whether the same call may succeed later without anybody changing anything.
    retryable: ClassVar[bool] = False
    #: One sentence for a person: what and where. Its fields are the keyword arguments.
    sentence: ClassVar[str] = "Restyle failed unexpectedly: {reason}."
    #: What to do about it.
    hint: ClassVar[str] = "Retry the item; if it fails again, report it with the worker's log."

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.sentence.format(**facts))

    def report(self) -> dict[str, object]:
        """The error as every surface shows it: `code`, `message`, `hint`, `details`."""
        details = {name: _plain(value) for name, value in self.facts.items()}
        hint = self.hint.format(**self.facts)
        return {"code": self.code, "message": str(self), "hint": hint, "details": details}


def _plain(value: object) -> object:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    return str(value)


def registry() -> dict[str, type[RestyleError]]:
    """Every concrete error class by its code; abstract branches carry no sentence of their own."""
    return {cls.code: cls for cls in _walk(RestyleError) if "code" in vars(cls)}


def _walk(cls: type[RestyleError]) -> Iterator[type[RestyleError]]:
    yield cls
    for child in cls.__subclasses__():
        yield from _walk(child)


# --- what a person handed in -----------------------------------------------------------------


class InputError(RestyleError):
    """Something a person wrote cannot be used as it is."""


class SettingsInvalid(InputError):
    """A `RESTYLE_*` variable or a line of the configuration file is wrong."""

    code = "settings_invalid"
    sentence = "The setting {name} is wrong: {reason}."
    hint = "Run `restyle config show` to see every setting and where its value came from."


class StyleInvalid(InputError):
    """A style file cannot be read, or a field of it is wrong."""

    code = "style_invalid"
    sentence = "The style {style} cannot be used: {reason}."
    hint = "Correct the named fields; the README lists every field of a style."


class ManifestInvalid(InputError):
    """A manifest cannot be read, or some of its rows are wrong; nothing was queued."""

    code = "manifest_invalid"
    sentence = "The manifest {manifest} has {count} wrong row(s); nothing was queued: {reason}."
    hint = "Correct the named rows and submit again."


class ManifestUnreadable(InputError):
    """What is named as the manifest is no manifest at all."""

    code = "manifest_unreadable"
    sentence = "The manifest {manifest} cannot be read: {reason}."
    hint = "Give a UTF-8 .csv or .jsonl file (local or in S3), or a prefix s3://bucket/folder/."


class ManifestEmpty(InputError):
    """A manifest without a single row."""

    code = "manifest_empty"
    sentence = "The manifest {manifest} names no image; nothing was queued."
    hint = "A CSV needs a `source` column and at least one row; a prefix must hold images."


class AddressInvalid(InputError):
    """Not an address of the form that the field takes."""

    code = "address_invalid"
    sentence = "{address} is not a usable {kind}: {reason}."
    hint = "S3 addresses read s3://bucket/key."


class BatchIdInvalid(InputError):
    """A batch id of a form that keys and file names cannot hold."""

    code = "batch_id_invalid"
    sentence = "{batch!r} is no usable batch id."
    hint = "Use up to 128 letters, digits, dots, dashes and underscores, a letter or digit first."


class BatchUnknown(InputError):
    """No batch of that id is on the board."""

    code = "batch_unknown"
    sentence = "There is no batch {batch} on the board."
    hint = "Run `restyle status` without an id to list the batches."


class BatchExists(InputError):
    """The batch id is taken by a submission with other content."""

    code = "batch_exists"
    sentence = "The batch id {batch} belongs to another submission ({difference} differs)."
    hint = "Choose another --batch-id, or submit exactly the same manifest, style and output again."


class BatchIncomplete(InputError):
    """A submission ended before all of its items were on the board."""

    code = "batch_incomplete"
    sentence = "The batch {batch} has {found} of its {total} items; none of them was started."
    hint = "Submit exactly the same manifest, style and output again; what is there is kept."


class BatchCancelled(InputError):
    """The batch was cancelled and takes no more work."""

    code = "batch_cancelled"
    sentence = "The batch {batch} was cancelled; its items stay as they are."
    hint = "Submit the rows that you still want as a new batch."


class ItemUnknown(InputError):
    """The batch has no item of that number or external id."""

    code = "item_unknown"
    sentence = "The batch {batch} has no item {item}."
    hint = "Run `restyle items {batch}` to list them."


class ItemNotFailed(InputError):
    """A retry was asked for an item that has not failed."""

    code = "item_not_failed"
    sentence = "The item {item} of the batch {batch} is {state}, not failed."
    hint = "Only failed items can be retried; render others again with a new batch."


class CodeUnknown(InputError):
    """Not one of the codes of this very list."""

    code = "code_unknown"
    sentence = "There is no error code {named!r}{nearest}."
    hint = "The codes of a batch's failures: `restyle items BATCH --state failed`."


class ResultsMissing(InputError):
    """A batch has nothing to show yet."""

    code = "results_missing"
    sentence = "The batch {batch} has no results to show yet."
    hint = "Run `restyle watch {batch}` and try again when items are done."


class FileUnwritable(InputError):
    """A file that a command was asked to write cannot be written."""

    code = "file_unwritable"
    sentence = "{path} cannot be written: {reason}."
    hint = "Choose another place with --output."


# --- pictures --------------------------------------------------------------------------------


class ImageError(RestyleError):
    """A picture that cannot be used; the item fails, the batch goes on."""


class ImageUnreadable(ImageError):
    """The bytes are no picture of a supported container."""

    code = "image_unreadable"
    sentence = "{source} is not an image that Restyle reads: {reason}."
    hint = "Upload a JPEG, PNG, WebP or TIFF under this key and retry the item."


class ImageTruncated(ImageError):
    """The picture's bytes end too early."""

    code = "image_truncated"
    sentence = "{source} is cut short or damaged: {reason}."
    hint = "Upload the whole file again and retry the item."


class ImageTooLarge(ImageError):
    """The picture is over the limits for bytes, pixels or sides."""

    code = "image_too_large"
    sentence = "{source} is too large: {size}, the limit is {limit}."
    hint = "Upload a smaller version, or raise the RESTYLE_MAX_* limits if the host has the memory."


class ImageTooSmall(ImageError):
    """The picture is too small to hold a garment."""

    code = "image_too_small"
    sentence = "{source} is too small: {size}, the least is {limit}."
    hint = "Upload the picture at its full size and retry the item."


class ImageAnimated(ImageError):
    """An animation or a file of several pages."""

    code = "image_animated"
    sentence = "{source} is an animation or has several pages ({frames} frames)."
    hint = "Upload a single still picture and retry the item."


# --- masks -----------------------------------------------------------------------------------


class MaskError(RestyleError):
    """A mask that must not be painted; the item fails, the batch goes on."""


class MaskEmpty(MaskError):
    """No pixel answers to the mask prompts, or the supplied mask is black."""

    code = "mask_empty"
    sentence = "There is nothing to repaint in {source}: {reason}."
    hint = "Check that the picture shows the garment, lower mask_threshold, or supply a mask."


class MaskTooLarge(MaskError):
    """The mask covers more of the picture than the style allows."""

    code = "mask_too_large"
    sentence = "The mask covers {area:.0%} of {source}; the style allows {limit:.0%}."
    hint = "Name the garment more exactly, raise mask_threshold or mask_max_area, or supply a mask."


class MaskMismatch(MaskError):
    """A supplied mask has another size than its source."""

    code = "mask_mismatch"
    sentence = "The mask {mask} is {mask_size} but {source} is {source_size} (width x height)."
    hint = "Supply a mask of exactly the source's size, after its EXIF rotation."


# --- S3 --------------------------------------------------------------------------------------


class StorageError(RestyleError):
    """S3 refused or could not be reached."""


class BucketMissing(StorageError):
    """The bucket does not exist."""

    code = "bucket_missing"
    sentence = "The bucket of {address} does not exist."
    hint = "Check the bucket's name, the region and AWS_ENDPOINT_URL_S3."


class ObjectMissing(StorageError):
    """The object does not exist."""

    code = "object_missing"
    sentence = "There is no object {address}."
    hint = "Upload it or correct the row, then retry the item."


class AccessDenied(StorageError):
    """The credentials do not allow it."""

    code = "access_denied"
    sentence = "S3 denied access to {address} ({operation})."
    hint = (
        "Check the credentials (`aws sts get-caller-identity`) and the bucket policy; without "
        "s3:ListBucket, S3 also answers so for a key that does not exist."
    )


class CredentialsMissing(StorageError):
    """boto3's chain found no credentials."""

    code = "credentials_missing"
    sentence = "No S3 credentials were found for {address}: {reason}."
    hint = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or attach a role."


class SourceChanged(StorageError):
    """The source was replaced after the item was claimed or submitted."""

    code = "source_changed"
    sentence = "{address} was replaced while its item was under way (ETag {expected} expected)."
    hint = "Retry the item to render the new picture."


class StorageUnavailable(StorageError):
    """S3 answered with a passing fault, or not at all."""

    code = "storage_unavailable"
    retryable = True
    sentence = "S3 did not serve {address} ({operation}): {reason}."
    hint = "Restyle tries again by itself; check the endpoint with `restyle doctor`."


class DownloadBroken(StorageUnavailable):
    """S3 began to answer, but the object's bytes did not arrive whole and intact."""

    code = "download_broken"
    retryable = True
    sentence = "The download of {address} broke off: {reason}."
    hint = "Restyle tries again by itself; look at the network and at proxies before S3."


class StorageRefused(StorageError):
    """S3 answered that it will not do this; the same call will fail again."""

    code = "storage_refused"
    sentence = "S3 refused {operation} on {address}: {reason}."
    hint = (
        "Check the bucket's region (AWS_DEFAULT_REGION), the endpoint, this host's clock and the "
        "object's storage class."
    )


class StorageMisconfigured(StorageError):
    """The AWS configuration cannot even make a client."""

    code = "storage_misconfigured"
    sentence = "The S3 configuration cannot be used: {reason}."
    hint = "Check AWS_ENDPOINT_URL_S3 (http[s]://host:port), AWS_PROFILE and AWS_DEFAULT_REGION."


class ObjectTooLarge(StorageError):
    """An object is over the limit in bytes for what it is to be."""

    code = "object_too_large"
    sentence = "{address} is too large: {size} bytes, the limit is {limit} bytes."
    hint = "Upload a smaller object, or raise the RESTYLE_MAX_* limit if the host has the space."


class DiskFailed(StorageError):
    """A file of a download cannot be written."""

    code = "disk_failed"
    sentence = "{path} cannot be written: {reason}."
    hint = "Free some space or point XDG_CACHE_HOME elsewhere; `restyle doctor` shows the space."


# --- Redis -----------------------------------------------------------------------------------


class BoardError(RestyleError):
    """Redis: the board, its claims and the queue's messages."""


class RedisUnreachable(BoardError):
    """Redis does not answer."""

    code = "redis_unreachable"
    retryable = True
    sentence = "Redis at {address} cannot be reached: {reason}."
    hint = "Start Redis or correct RESTYLE_REDIS_URL; `restyle doctor` checks both."


class RedisUnsafe(BoardError):
    """Redis is set up so that it may drop or lose items."""

    code = "redis_unsafe"
    sentence = "Redis at {address} may lose items: {reason}."
    hint = "Set `maxmemory-policy noeviction` and `appendonly yes` in redis.conf."


class ClaimLost(BoardError):
    """The claim ran out or was taken back; whatever its holder did must not count."""

    code = "claim_lost"
    sentence = "The claim on item {item} of batch {batch} is no longer ours (fence {fence})."
    hint = "Nothing to do: the item is in other hands or has ended."


class MessageInvalid(BoardError):
    """A queue message of an unknown version or shape."""

    code = "message_invalid"
    sentence = "A queue message cannot be read: {reason}."
    hint = "Run producers and workers of the same release."


# --- models ----------------------------------------------------------------------------------


class ModelError(RestyleError):
    """A model that cannot be found or must not be loaded."""


class ModelReferenceInvalid(ModelError):
    """Not a model reference at all."""

    code = "model_reference_invalid"
    sentence = "{reference!r} is not a model reference: {reason}."
    hint = "Use org/name[@revision], a directory, or s3://bucket/model.tar.gz#sha256=<64 hex>."


class ModelMissing(ModelError):
    """The reference is well formed, but nothing is there."""

    code = "model_missing"
    sentence = "The model {reference} was not found; looked in {places}.{nearest}"
    hint = "{remedy}"


class ModelInvalid(ModelError):
    """A directory or archive that is no model of the right kind, or no safe one."""

    code = "model_invalid"
    sentence = "The model {reference} cannot be loaded: {reason}."
    hint = "It must be a {kind} directory with config and safetensors weights, as published."


class ModelChanged(ModelError):
    """The bytes found are not those that the batch was submitted with."""

    code = "model_changed"
    sentence = "The model {reference} has digest {found}, the batch was submitted with {expected}."
    hint = "Put the same model back, or submit a new batch with the new one."


class ModelUnavailable(ModelError):
    """The hub answered with a passing fault, or not at all."""

    code = "model_unavailable"
    retryable = True
    sentence = "The model {reference} cannot be fetched now: {reason}."
    hint = "Restyle tries again by itself; check the way to the hub, or fetch it beforehand."


# --- the device ------------------------------------------------------------------------------


class DeviceError(RestyleError):
    """The device, and what dies on it."""


class DeviceMissing(DeviceError):
    """The asked device does not exist on this host."""

    code = "device_missing"
    sentence = "There is no device {device} on this host; it has {devices}."
    hint = "Use --devices all or cpu, or the numbers that `nvidia-smi -L` lists."


class DeviceOutOfMemory(DeviceError):
    """A single image does not fit on the device."""

    code = "device_out_of_memory"
    sentence = "The device has not enough memory for one image at {working_size} px ({stage})."
    hint = "Lower working_size, or run on a device with more memory."


class DeviceLost(DeviceError):
    """The device stopped working while the item was on it."""

    code = "device_lost"
    retryable = True
    sentence = "The device stopped working while the item was on it: {reason}."
    hint = "The worker restarts and tries again by itself; if it repeats, check the device."


class BatcherClosed(DeviceError):
    """The worker drains: the item never reached the device and is handed back."""

    code = "batcher_closed"
    retryable = True
    sentence = "The worker is stopping; the item goes back to the queue."
    hint = "Nothing to do: another worker takes the item."


class OutputNotFinite(DeviceError):
    """A model's answer is not a picture: NaN or infinite."""

    code = "output_not_finite"
    sentence = "The {stage} model answered with values that are no finite numbers."
    hint = (
        "Retry the item; if it fails again, this model does not compute in the device's precision."
    )


class Poison(DeviceError):
    """The item was given out again and again and never came back."""

    code = "poison"
    sentence = "The item was given to a worker {deliveries} times and never came back."
    hint = "Look at the source and at the workers' logs before retrying it."
