"""A system that takes webhooks: an HTTPS server on this machine with a certificate authority of its own."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Taken:
    """What arrived: the path, the headers in small letters, and the body as it was sent."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What has arrived, and what is answered: `answer` is asked for each, and gives status, headers and body."""

    address: str = ""
    taken: list[Taken] = field(default_factory=list)
    answer: Callable[[Taken], tuple[int, dict[str, str], bytes]] = lambda _taken: (204, {}, b"")

    def answers(self, *statuses: int) -> None:
        """Answer with these statuses in turn, the last of them for ever."""
        waiting = list(statuses)
        self.answer = lambda _taken: (waiting.pop(0) if len(waiting) > 1 else waiting[0], {}, b"as you wish")

    @property
    def ids(self) -> list[str]:
        return [one.headers["webhook-id"] for one in self.taken]


def write_authority(folder: Path) -> tuple[Path, Path]:
    """A new certificate authority and a certificate of it for this machine: the file to trust, and that of the server."""
    now = datetime.now(UTC)  # noqa: TID251 (a certificate holds for the real time)

    def certificate(name: str, of: str, key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey,
                    *more: x509.ExtensionType) -> x509.Certificate:  # fmt: skip
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, of)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=12))
        )
        for extension in more:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(signer, SHA256())

    root, leaf = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    trusted, served = folder / "authority.pem", folder / "server.pem"
    of_root = certificate("Test authority", "Test authority", root, root, x509.BasicConstraints(True, None))
    of_leaf = certificate("localhost", "Test authority", leaf, root, names)
    trusted.write_bytes(of_root.public_bytes(Encoding.PEM))
    private = leaf.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    served.write_bytes(of_leaf.public_bytes(Encoding.PEM) + private)
    return trusted, served


@contextmanager
def serve(certificate: Path) -> Iterator[Receiver]:
    """A receiver at https://localhost, until the block ends."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            taken = Taken(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            receiver.taken.append(taken)
            status, headers, answer = receiver.answer(taken)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_args: object) -> None:
            pass  # a client that goes away, or does not trust the certificate

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Server(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        receiver.address = f"https://localhost:{server.server_address[1]}/events"
        yield receiver
        server.shutdown()
