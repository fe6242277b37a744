"""What `make run` takes from the environment, and what it fills in for its children."""

import errno
import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.embedded.errors import EmbeddedError, in_words
from config.embedded.place import make_state
from config.embedded.roster import write_whole
from config.embedded.session import read_dotenv

DEFAULT_PORT = "8000"
EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}


@dataclass(frozen=True)
class Address:
    """Where the application listens."""

    host: str
    port: int

    @property
    def reached_at(self) -> str:
        """The host at which this machine reaches it: its own, or the loopback for all of them."""
        return EVERYWHERE.get(self.host, self.host)

    @property
    def url(self) -> str:
        """The address for a browser on this machine."""
        host = f"[{self.reached_at}]" if ":" in self.reached_at else self.reached_at
        return f"http://{host}:{self.port}"


def read_environment(root: Path) -> dict[str, str]:
    """The environment, and what the checkout's `.env` adds to it."""
    return {**read_dotenv(root), **os.environ}


def read_address(environment: Mapping[str, str]) -> Address:
    """HOST and PORT; port 0 becomes one that is free.

    Raises:
        EmbeddedError: PORT is no port.
    """
    text = environment.get("PORT") or DEFAULT_PORT
    host = environment.get("HOST") or "127.0.0.1"
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise EmbeddedError(f"PORT must be a number from 0 to 65535, not {text!r}")
    return Address(host, int(text) or find_free_port())


def find_free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def check_free(address: Address) -> None:
    """Raise EmbeddedError, saying how to choose another port, unless we can listen at `address`."""
    try:
        family = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0][0]
        socket.create_server((address.host, address.port), family=family).close()
    except OSError as error:
        is_taken = error.errno == errno.EADDRINUSE
        reason = "is taken" if is_taken else f"cannot be used on {address.host} ({error.strerror})"
        raise EmbeddedError(
            f"port {address.port} {reason}; choose another: PORT={suggest(address.port)} make run"
        ) from error


def suggest(port: int) -> int:
    """A port to try in place of `port`."""
    return port + 1 if 1024 <= port < 65535 else int(DEFAULT_PORT)


def needs_simulator(environment: Mapping[str, str]) -> bool:
    """Whether nothing says how to reach Claude."""
    return not environment.get("ANTHROPIC_API_KEY") and not environment.get("ANTHROPIC_BASE_URL")


def build_environment(
    environment: Mapping[str, str], *, var: Path, urls: Mapping[str, str], simulator: int | None
) -> dict[str, str]:
    """The children's whole environment.

    Args:
        urls: DATABASE_URL and REDIS_URL.
        simulator: The port of the simulator if it stands in for Claude.
    """
    filled = {**environment, **urls, "PYTHONUNBUFFERED": "1"}
    filled.setdefault("DEBUG", "1")
    filled.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if not filled.get("SECRET_KEY"):
        filled["SECRET_KEY"] = read_secret_key(var / "secret_key")
    if simulator:
        filled["TRIAGE_SIMULATOR"] = "1"
        filled["ANTHROPIC_BASE_URL"] = f"http://127.0.0.1:{simulator}"
        filled["ANTHROPIC_API_KEY"] = "simulator"
    return filled


def fill_in_for_a_laptop(root: Path) -> None:
    """Give a command typed by hand what `make run` gives its children, where nothing is configured.

    A SECRET_KEY or DEBUG in the environment or in `.env` means that somebody has configured it: then nothing changes.
    """
    environment = read_environment(root)
    if environment.get("SECRET_KEY") or environment.get("DEBUG"):
        return
    os.environ |= {"DEBUG": "1", "SECRET_KEY": read_secret_key(make_state(root) / "secret_key")}
    if needs_simulator(environment):
        os.environ["TRIAGE_SIMULATOR"] = "1"


def read_secret_key(file: Path) -> str:
    """The installation's own secret key, made at the first start and kept for us alone."""
    with in_words("cannot keep the secret key"):
        key = file.read_text().strip() if file.exists() else ""
        if not key:
            key = secrets.token_urlsafe(48)
            write_whole(file, key)
    return key
