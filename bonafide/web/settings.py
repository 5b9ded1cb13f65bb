"""What the service is told: limits, and who may use it. Imports nothing heavy, for the command's help."""

import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

from bonafide.errors import UserError

MIN_TOKEN = 16  # characters; guessing is not slowed down


@dataclass(frozen=True)
class Settings:
    """Settings of the service.

    Attributes
    ----------
    host, port
        Where it listens; port 0 is any free one.
    token
        What a client must send as ``Authorization: Bearer TOKEN``; empty asks for none, on loopback alone.
    workers
        Processes that decode and score, one file each at a time.
    max_bytes
        Of one request's body, all its files together.
    max_seconds
        Of one recording.
    timeout
        Seconds that one recording may take to be scored.
    queue
        Requests that may wait for a worker; more are refused (429).
    model
        The detector; None is the one in use: see `bonafide.detection.choice`.
    live
        Recordings that may be listened to at a time; 0 offers no such thing.
    collect
        Folder that takes recordings with the speaker's consent; None offers no such thing.
    tls_cert, tls_key
        PEM files to speak HTTPS with; None for both speaks HTTP.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token: str = ""
    workers: int = 1
    max_bytes: int = 64 * 2**20
    max_seconds: float = 3600.0
    timeout: float = 60.0
    queue: int = 16
    live: int = 4
    model: Path | None = None
    collect: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None


def check(settings: Settings) -> None:
    """Raise `UserError` where `settings` would let strangers in."""
    if settings.token and len(settings.token) < MIN_TOKEN:
        raise UserError(f"the token must have {MIN_TOKEN} characters at least: python -c 'import secrets; "
                        "print(secrets.token_urlsafe())' makes one")  # fmt: skip
    if not settings.token and not is_loopback(settings.host):
        raise UserError(
            f"{settings.host} is not this machine alone, so a token is needed: set BONAFIDE_TOKEN, or leave out --host"
        )
    if (settings.tls_cert is None) != (settings.tls_key is None):
        raise UserError("--tls-cert and --tls-key belong together")


def tls_of(settings: Settings) -> ssl.SSLContext | None:
    """Return what speaks HTTPS, None where HTTP is spoken; `UserError` where the files cannot be used."""
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    for path in (settings.tls_cert, settings.tls_key):
        if not path.is_file():
            raise UserError(f"there is no file {path}")
    try:
        # A password would be asked for on the terminal, where a service has nobody to answer.
        context.load_cert_chain(settings.tls_cert, settings.tls_key, password=_no_password)
    except (OSError, ValueError) as error:  # ssl's own errors are of the first kind
        why = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        raise UserError(f"{settings.tls_cert} and {settings.tls_key} cannot be used for TLS: {why}") from None
    return context


def _no_password() -> str:
    raise ValueError("the key has a password")


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine alone, as an address or as ``localhost``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
