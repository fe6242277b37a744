"""An address as an admin writes it, taken apart once: what is checked is what is asked."""

from dataclasses import dataclass

from django.conf import settings
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from triage.exceptions import InvalidInput

URL_MAX_CHARACTERS = 500
PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes; `path` includes the query, `host` has no brackets."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host_header}{self.path}"

    @property
    def host_header(self) -> str:
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == PORTS[self.scheme] else f"{name}:{self.port}"


def parse(url: str) -> Target:
    """The parts of `url`; nothing is looked up.

    Raises:
        InvalidInput: It is too long, no URL, or not one that may be asked.
    """
    if len(url) > URL_MAX_CHARACTERS:
        raise InvalidInput("url", f"has more than {URL_MAX_CHARACTERS} characters")
    try:
        found = parse_url(url.strip())
    except LocationParseError as error:
        raise InvalidInput("url", "is no URL") from error
    scheme = found.scheme if "://" in url else None
    _check(scheme, has_user=found.auth is not None)
    host = (found.host or "").strip("[]")
    if scheme is None or not host:
        raise InvalidInput("url", "has no host")
    port = PORTS[scheme] if found.port is None else found.port
    target = Target(scheme, host, port, found.request_uri)
    if len(target.url) > URL_MAX_CHARACTERS:  # letters of other alphabets are written out
        raise InvalidInput("url", f"has more than {URL_MAX_CHARACTERS} characters when encoded")
    return target


def _check(scheme: str | None, *, has_user: bool) -> None:
    allowed = ["https", "http"] if settings.TRIAGE_WEBHOOKS_ALLOW_HTTP else ["https"]
    if scheme not in allowed:
        starts = " or ".join(f"{each}://" for each in allowed)
        raise InvalidInput("url", f"must start with {starts}")
    if has_user:
        raise InvalidInput("url", "must not contain a user name or a password")
