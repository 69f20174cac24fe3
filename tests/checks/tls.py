"""TLS in front of a Postgres that has none (the builds from PyPI): what a pooler does in earnest."""

from __future__ import annotations

import selectors
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from envcheck.model.target import Endpoint
from tests.checks.half_started import answering

SSL_REQUEST = 8  # bytes


@contextmanager
def encrypted(behind: Endpoint, folder: Path) -> Iterator[Endpoint]:
    """Says yes to the request for TLS and passes on what it hears inside."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(folder))

    def pass_on(talk: socket.socket) -> None:
        if len(talk.recv(SSL_REQUEST)) < SSL_REQUEST:
            return
        talk.sendall(b"S")
        with (
            context.wrap_socket(talk.dup(), server_side=True) as inside,
            socket.create_connection((behind.host, behind.port), 5) as server,
        ):
            _both_ways(inside, server)

    with answering(pass_on) as endpoint:
        yield endpoint


def _both_ways(inside: ssl.SSLSocket, server: socket.socket) -> None:
    other: dict[object, socket.socket] = {inside: server, server: inside}
    with selectors.DefaultSelector() as heard:
        for side in (inside, server):
            heard.register(side, selectors.EVENT_READ)
        while True:
            for key, _ in heard.select(5):
                data = key.fileobj.recv(65536)  # type: ignore[union-attr]
                if not data:
                    return
                other[key.fileobj].sendall(data)


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    made = made.public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "both.pem"
    path.write_bytes(private + made.sign(key, hashes.SHA256()).public_bytes(pem))
    return path
