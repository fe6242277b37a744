"""Logins held up: after five failures for one e-mail address from one network address, fifteen minutes' pause.

django-axes counts in the database, so nothing depends on Redis. Requests with a token never come here: they do not log in.

Mails with a link to a new password are few too, for one address and from one client; those are counted in Redis, and while it
is down nobody is refused.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from typing import Any
from unicodedata import normalize

from axes.backends import AxesStandaloneBackend
from axes.models import AccessAttempt
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

KEY_LENGTH = 255
IPV6_PREFIX = 64  # what one customer of a provider has at least
RESET_SECONDS = 3600  # a window of the limits below; it begins with the first mail asked for
RESETS_PER_ADDRESS = 3
RESETS_PER_CLIENT = 20  # many may share one network address


class LoginThrottle(AxesStandaloneBackend):  # type: ignore[misc]
    """Stands before the backend that checks passwords, and stops a login that is paused."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        """A check that no request asked for, such as a command's, is nobody's attempt."""
        if request is not None:
            super().authenticate(request, **credentials)


def key_of(email: str) -> str:
    """One key for all the spellings under which an address logs in."""
    return normalize("NFKC", email).strip().upper().lower()[:KEY_LENGTH]


def username(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    """django-axes' question whose login this is."""
    given = credentials or request.POST
    return key_of(str(given.get("username") or ""))


def client_address(request: HttpRequest) -> str | None:
    """Where a request comes from, as TRIAGE_TRUSTED_PROXIES says; None where nothing sensible is known.

    Each trusted proxy appends the address it was called from to X-Forwarded-For, so what a client writes there itself stands
    further left and is not looked at. An IPv6 client counts as its network: it may choose the rest.
    """
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    proxies = settings.TRIAGE_TRUSTED_PROXIES
    forwarded = hops[-proxies] if 0 < proxies <= len(hops) else ""
    return _canonical(forwarded) or _canonical(request.META.get("REMOTE_ADDR", ""))


def locks(email: str) -> dict[str | None, datetime]:
    """From where logins with `email` are paused now, each with the time the pause ends."""
    rows = AccessAttempt.objects.filter(
        username=key_of(email), attempt_time__gt=timezone.now() - settings.AXES_COOLOFF_TIME
    )
    failures: dict[str | None, int] = {}
    ends: dict[str | None, datetime] = {}
    for row in rows.order_by("-attempt_time"):
        address = row.ip_address
        failures[address] = failures.get(address, 0) + row.failures_since_start
        if failures[address] >= settings.AXES_FAILURE_LIMIT:
            ends.setdefault(address, row.attempt_time + settings.AXES_COOLOFF_TIME)
    return ends


def lift(email: str) -> None:
    """Forget the failures of `email`: the next login is checked again, from anywhere."""
    AccessAttempt.objects.filter(username=key_of(email)).delete()


def paused(
    request: HttpRequest, response: HttpResponse | None = None, credentials: Any = None
) -> HttpResponse:
    """The page in place of the login's: how long it takes. The same whether or not the e-mail address is known."""
    email = username(request, getattr(request, "axes_credentials", None))
    end = locks(email).get(client_address(request))
    left = end - timezone.now() if end else settings.AXES_COOLOFF_TIME
    seconds = max(1, ceil(left.total_seconds()))
    context = {"minutes": ceil(seconds / 60)}
    page = render(request, "registration/paused.html", context, status=429)
    page.headers["Retry-After"] = str(seconds)
    return page


def may_ask_for_link(request: HttpRequest) -> bool:
    """Count one mail asked for by this client; False where those were too many."""
    return _count("client", str(client_address(request))) <= RESETS_PER_CLIENT


def may_be_mailed(email: str) -> bool:
    """Count one mail asked for to this address, known or not; False where those were too many."""
    return _count("address", key_of(email)) <= RESETS_PER_ADDRESS


def _count(kind: str, key: str) -> int:
    """How many there were in this window, with this one; 0 where nobody can count."""
    name = f"reset:{kind}:{hashlib.sha256(key.encode()).hexdigest()}"
    cache.add(name, 0, RESET_SECONDS)
    try:
        return cache.incr(name) or 0
    except ValueError:  # the window ended in between
        return 0


def _canonical(text: str) -> str | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ip_network((int(address), IPV6_PREFIX), strict=False).network_address)
