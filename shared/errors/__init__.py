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

from shared.errors.base import RestyleError, registry
from shared.errors.device import (
    BatcherClosed,
    DeviceError,
    DeviceLost,
    DeviceMissing,
    DeviceOutOfMemory,
    OutputNotFinite,
    Poison,
)
from shared.errors.inputs import (
    AddressInvalid,
    BatchCancelled,
    BatchExists,
    BatchIdInvalid,
    BatchIncomplete,
    BatchUnknown,
    CodeUnknown,
    FileUnwritable,
    InputError,
    ItemNotFailed,
    ItemUnknown,
    ManifestEmpty,
    ManifestInvalid,
    ManifestUnreadable,
    NothingToReplay,
    ReplayUnfinished,
    ResultsMissing,
    SettingsInvalid,
    SidecarInvalid,
    StyleInvalid,
)
from shared.errors.models import (
    ModelChanged,
    ModelError,
    ModelInvalid,
    ModelMissing,
    ModelReferenceInvalid,
    ModelUnavailable,
)
from shared.errors.pictures import (
    ImageAnimated,
    ImageError,
    ImageTooLarge,
    ImageTooSmall,
    ImageTruncated,
    ImageUnreadable,
    KeptPixelsChanged,
    MaskEmpty,
    MaskError,
    MaskMismatch,
    MaskTooLarge,
)
from shared.errors.redis import BoardError, ClaimLost, MessageInvalid, RedisUnreachable, RedisUnsafe
from shared.errors.storage import (
    AccessDenied,
    BucketMissing,
    CredentialsMissing,
    DiskFailed,
    DownloadBroken,
    ObjectMissing,
    ObjectTooLarge,
    SourceChanged,
    StorageError,
    StorageMisconfigured,
    StorageRefused,
    StorageUnavailable,
)

__all__ = [
    "AccessDenied",
    "AddressInvalid",
    "BatchCancelled",
    "BatchExists",
    "BatchIdInvalid",
    "BatchIncomplete",
    "BatchUnknown",
    "BatcherClosed",
    "BoardError",
    "BucketMissing",
    "ClaimLost",
    "CodeUnknown",
    "CredentialsMissing",
    "DeviceError",
    "DeviceLost",
    "DeviceMissing",
    "DeviceOutOfMemory",
    "DiskFailed",
    "DownloadBroken",
    "FileUnwritable",
    "ImageAnimated",
    "ImageError",
    "ImageTooLarge",
    "ImageTooSmall",
    "ImageTruncated",
    "ImageUnreadable",
    "InputError",
    "ItemNotFailed",
    "ItemUnknown",
    "KeptPixelsChanged",
    "ManifestEmpty",
    "ManifestInvalid",
    "ManifestUnreadable",
    "MaskEmpty",
    "MaskError",
    "MaskMismatch",
    "MaskTooLarge",
    "MessageInvalid",
    "ModelChanged",
    "ModelError",
    "ModelInvalid",
    "ModelMissing",
    "ModelReferenceInvalid",
    "ModelUnavailable",
    "NothingToReplay",
    "ObjectMissing",
    "ObjectTooLarge",
    "OutputNotFinite",
    "Poison",
    "RedisUnreachable",
    "RedisUnsafe",
    "ReplayUnfinished",
    "RestyleError",
    "ResultsMissing",
    "SettingsInvalid",
    "SidecarInvalid",
    "SourceChanged",
    "StorageError",
    "StorageMisconfigured",
    "StorageRefused",
    "StorageUnavailable",
    "StyleInvalid",
    "registry",
]
