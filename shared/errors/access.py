"""The back office: who asks, what they may do, and what it needs to be served safely."""

from shared.errors.base import RestyleError
from shared.errors.inputs import InputError


class AccessError(RestyleError):
    """A request that is not let in."""


class CredentialMissing(AccessError):
    """A request without a token or a session."""

    code = "credential_missing"
    sentence = "This is not open to everyone, and the request names no token."
    hint = (
        "Sign in on the page, or send `Authorization: Bearer rst_…`; an admin makes one with "
        "`restyle token add`."
    )


class CredentialRefused(AccessError):
    """A token or a session that is wrong, expired or revoked; it is not told which."""

    code = "credential_refused"
    sentence = "The token or the session is not valid (any more)."
    hint = "Sign in again, or ask an admin for another token; `restyle token list` shows them."


class FailuresTooMany(AccessError):
    """Wrong tokens came from one address, or for one token, too often in a minute."""

    code = "failures_too_many"
    retryable = True
    sentence = "Too many wrong tokens: wait for {seconds} s."
    hint = "Correct the token; a right one is let in at once."

    @property
    def seconds(self) -> int:
        """After so many seconds the next one is looked at."""
        return int(str(self.facts["seconds"]))


class RoleTooLow(AccessError):
    """Whoever asks is known, and may not do this."""

    code = "role_too_low"
    sentence = "{name} is {role}, and this needs the role {needed}."
    hint = "Ask an admin for a token of that role: `restyle token add NAME --role {needed}`."


class RequestForeign(AccessError):
    """A request that a page of somebody else's made a browser send."""

    code = "request_foreign"
    sentence = "The request does not come from Restyle's own page: {reason}."
    hint = "Reload the page; behind a proxy, set RESTYLE_PUBLIC_URL to the address that people use."


class SignInInsecure(AccessError):
    """A sign-in over plain HTTP from another host: the session would be read on the way."""

    code = "sign_in_insecure"
    sentence = "Signing in at {host} needs https."
    hint = (
        "Serve with --tls-cert and --tls-key, or behind a proxy that does (RESTYLE_PUBLIC_URL, "
        "RESTYLE_TRUSTED_PROXIES); a RESTYLE_PUBLIC_URL of http://… says that plain HTTP is meant."
    )


class BodyTooLarge(AccessError):
    """A request's body is larger than is taken."""

    code = "body_too_large"
    sentence = "The request's body is larger than {limit:,} bytes."
    hint = "Name manifests and images by their s3:// addresses, or raise RESTYLE_MAX_BODY_BYTES."


class BodyTooSlow(AccessError):
    """A request's body did not arrive in time."""

    code = "body_too_slow"
    retryable = True
    sentence = "The request's body did not arrive within {seconds:g} s."
    hint = "Send it again, or name manifests and images by their s3:// addresses."


class BodiesTooMany(AccessError):
    """The bodies of all requests under way are more bytes than the service holds at a time."""

    code = "bodies_too_many"
    retryable = True
    sentence = "Requests under way hold {limit:,} bytes together, and this one has no room."
    hint = "Send it again in a moment, or name manifests and images by their s3:// addresses."


class TokensMissing(InputError):
    """The back office is to be served to other hosts, and nobody could sign in."""

    code = "tokens_missing"
    sentence = "{address} can be reached from other hosts, and there is no token to sign in with."
    hint = "Make one first: `restyle token add NAME --role admin`."


class TokenInvalid(InputError):
    """A token's name or lifetime cannot be used."""

    code = "token_invalid"
    sentence = "The token {token!r} cannot be made: {reason}."
    hint = "A name is 1 to 64 letters, digits, dots, dashes, underscores, @; a lifetime reads 90d."


class TokenExists(InputError):
    """The name belongs to another token."""

    code = "token_exists"
    sentence = "There is a token {token} already."
    hint = "Choose another name: the audit log tells people by it."


class TokenUnknown(InputError):
    """No token of that id."""

    code = "token_unknown"
    sentence = "There is no token of the id {token}."
    hint = "Run `restyle token list` to list them."


class AddressUnusable(InputError):
    """The back office cannot listen where it was told to."""

    code = "address_unusable"
    sentence = "The back office cannot be served at {address}: {reason}."
    hint = "Choose another --host or --port (RESTYLE_SERVE_HOST, RESTYLE_SERVE_PORT)."


class CertificateUnusable(InputError):
    """The certificate and the key cannot be used for TLS."""

    code = "certificate_unusable"
    sentence = "{certificate} and its key cannot be used for TLS: {reason}."
    hint = "Give --tls-cert and --tls-key PEM files of one pair, the key without a password."


class PartMissing(InputError):
    """A part of Restyle is not installed here."""

    code = "part_missing"
    sentence = "The {part} is not installed on this host: {reason}."
    hint = "Install it: pip install 'restyle[{extra}]'"
