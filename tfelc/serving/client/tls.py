"""How a client encrypts, and shows who it is."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import grpc


@dataclass(frozen=True)
class Tls:
    """Certificates for an encrypted connection.

    Attributes:
        ca: File of the certificates that are trusted. Defaults to the system's.
        certificate: File of the client's own certificate, where the server asks for one.
        key: File of its private key.

    Example:
        >>> tls = Tls(ca=Path("ca.pem"), certificate=Path("client.pem"), key=Path("client.key"))
    """

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def __post_init__(self) -> None:
        """Refuses half a pair."""
        if (self.certificate is None) != (self.key is None):
            raise ValueError("give `certificate` and `key`, or neither")

    def context(self) -> ssl.SSLContext:
        """For REST."""
        made = ssl.create_default_context(cafile=self.ca)
        if self.certificate is not None:
            made.load_cert_chain(self.certificate, self.key)
        return made

    def credentials(self) -> grpc.ChannelCredentials:
        """For gRPC."""
        import grpc

        files = (self.ca, self.key, self.certificate)
        return grpc.ssl_channel_credentials(*(None if file is None else file.read_bytes() for file in files))
