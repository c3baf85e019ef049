"""A certificate authority of the tests' own, and an endpoint that speaks TLS before a server."""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Identity:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path


class Authority:
    """Signs certificates; its own is in `file`."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.file = folder / f"{name}.pem"
        usage = x509.BasicConstraints(ca=True, path_length=None)
        signed = self._sign(self._name, self._key, usage, days=1)
        self.file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))

    def issue(self, host: str, *, days: int = 1) -> Identity:
        """A certificate for a host, by name or address, that ends in so many days."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        address = host.replace(".", "").isdigit()
        found = x509.IPAddress(ipaddress.ip_address(host)) if address else x509.DNSName(host)
        key = ec.generate_private_key(ec.SECP256R1())
        signed = self._sign(name, key, x509.SubjectAlternativeName([found]), days=days)
        identity = Identity(self._folder / f"{host}{days}.pem", self._folder / f"{host}{days}.key")
        identity.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        identity.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return identity

    def _sign(self, subject, key, extension, *, days):
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 3 * DAY)
            .not_valid_after(now + days * DAY)
            .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
            .sign(self._key, hashes.SHA256())
        )


class _Endpoint(ThreadingTCPServer):
    daemon_threads = True
    context: ssl.SSLContext
    target: int

    def handle_error(self, request, client_address) -> None:
        """Whoever refuses our certificate is what the tests are about."""


class _Pipe(BaseRequestHandler):
    server: _Endpoint

    def handle(self) -> None:
        """Shake hands, then pass bytes on in both directions."""
        with (
            self.server.context.wrap_socket(self.request, server_side=True) as near,
            socket.create_connection(("127.0.0.1", self.server.target)) as far,
        ):
            back = threading.Thread(target=_pump, args=(far, near), daemon=True)
            back.start()
            _pump(near, far)
            back.join(5)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65_536):
            sink.sendall(chunk)
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def tls_before(target: int, identity: Identity, clients: Path | None = None) -> Iterator[int]:
    """Speak TLS on a free port of 127.0.0.1 before a server that does not; yields the port.

    Args:
        target: The server's port.
        identity: What the endpoint shows.
        clients: The authority by which clients must show a certificate; by default they need none.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key)
    if clients:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED
    with _Endpoint(("127.0.0.1", 0), _Pipe) as endpoint:
        endpoint.context, endpoint.target = context, target
        serving = threading.Thread(target=endpoint.serve_forever, daemon=True)
        serving.start()
        yield endpoint.server_address[1]
        endpoint.shutdown()
        serving.join()
