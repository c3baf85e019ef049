"""AllowedPlaces: the buckets and prefixes that an operator opens to reading and writing."""

from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import AfterValidator

from shared.errors import AddressInvalid, PlaceNotAllowed
from shared.keys import MAX_REGISTRY_BYTES, S3Address


@dataclass(frozen=True, slots=True)
class AllowedPlaces:
    """Where objects may be read and written; a place is a folder, or a whole bucket."""

    #: What may be read, beside `outputs`; empty: everything.
    sources: tuple[S3Address, ...] = ()
    #: What may be written (and read); empty: everything.
    outputs: tuple[S3Address, ...] = ()

    @classmethod
    def parse(cls, sources: str, outputs: str) -> Self:
        """Take two lists of s3:// prefixes apart, each divided by commas.

        Raises:
            AddressInvalid: A prefix is none.
        """
        return cls(places(sources), places(outputs))

    def check_read(self, address: S3Address) -> None:
        """Let an object or a listing pass that may be read.

        Raises:
            PlaceNotAllowed: It lies outside of sources and outputs.
        """
        if self.sources:
            _check(address, (*self.sources, *self.outputs), "reading", "RESTYLE_ALLOWED_SOURCES")

    def check_write(self, address: S3Address) -> None:
        """Let an object or a prefix pass that may be written.

        Raises:
            PlaceNotAllowed: It lies outside of the outputs.
        """
        if self.outputs:
            _check(address, self.outputs, "writing", "RESTYLE_ALLOWED_OUTPUTS")


#: Nothing is forbidden.
EVERYWHERE = AllowedPlaces()


def places(text: str) -> tuple[S3Address, ...]:
    """The prefixes of a list that is divided by commas.

    Raises:
        AddressInvalid: One of them is no s3:// prefix.
    """
    named = (part.strip() for part in text.split(","))
    return tuple(S3Address.parse_prefix(part, kind="allowed place") for part in named if part)


def _known(text: str) -> str:
    try:
        places(text)
    except AddressInvalid as error:
        raise ValueError(str(error).rstrip(".")) from error
    return text


#: Prefixes as a setting names them, commas between.
PlaceList = Annotated[str, AfterValidator(_known)]


def _registry(text: str) -> str:
    try:
        address = S3Address.parse_prefix(text, kind="registry")
    except AddressInvalid as error:
        raise ValueError(str(error).rstrip(".")) from error
    if len(address.key.encode()) > MAX_REGISTRY_BYTES:
        msg = f"over {MAX_REGISTRY_BYTES} bytes leave no room for the models' names"
        raise ValueError(msg)
    return str(address)


#: Where the registry of models lies.
RegistryPrefix = Annotated[str, AfterValidator(_registry)]


def _check(address: S3Address, allowed: tuple[S3Address, ...], act: str, setting: str) -> None:
    # A place's key is empty or ends in a slash, so that `photos` does not open `photos-secret`.
    if not any(
        address.bucket == place.bucket and address.key.startswith(place.key) for place in allowed
    ):
        raise PlaceNotAllowed(address=address, act=act, setting=setting)
