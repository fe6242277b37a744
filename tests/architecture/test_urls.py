"""Every address asks for a login, or stands here with its reason."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.http import HttpResponseBase
from django.shortcuts import resolve_url
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from django.urls.resolvers import RoutePattern
from pytest_django import Settings

PUBLIC = {
    "/healthz": "says that the process answers, and nothing else",
    "/readyz": "load balancers and monitors ask it; it names parts, never addresses or secrets",
    "/login/": "where one logs in",
    "/api/schema/": "says what the API can do, and nothing of what is in it",
    "/api/docs/": "the schema for people",
    "/password-reset/": "who forgot the password cannot log in",
    "/password-reset/sent/": "says the same whatever address was asked for",
    "/password-reset/1/1/": "asks for a link that was mailed",
    "/invitation/1/1/": "asks for a link that an admin made",
    "/metrics": "asks for a token of its own",
}
REFUSED = {401, 403, 404, 405}
OF_TYPE = {"UUIDConverter": "00000000-0000-4000-8000-000000000000"}
GROUP = re.compile(r"\(\?P<\w+>((?:[^()]|\([^()]*\))*)\)")


def addresses() -> list[str]:
    """One example of every address there is, in order."""
    return sorted(set(_walk(get_resolver(), "/")))


def _walk(resolver: URLResolver, prefix: str) -> Iterator[str]:
    for entry in resolver.url_patterns:
        path = prefix + _example(entry)
        if isinstance(entry, URLResolver):
            yield from _walk(entry, path)
        else:
            yield path


def _example(entry: URLPattern | URLResolver) -> str:
    if isinstance(entry.pattern, RoutePattern):
        values = {
            name: OF_TYPE.get(type(converter).__name__, "1")
            for name, converter in entry.pattern.converters.items()
        }
        return re.sub(r"<(?:[^<>]*:)?(\w+)>", lambda m: values[m[1]], str(entry.pattern))
    plain = GROUP.sub(_of_group, str(entry.pattern))
    return re.sub(r"\\([./-])", r"\1", plain).strip("^").removesuffix(r"\Z").rstrip("$?")


def _of_group(found: re.Match[str]) -> str:
    """The first alternative of a group of words, else a 1."""
    first = found[1].split("|")[0]
    return first if re.fullmatch(r"\w+", first) else "1"


@pytest.fixture
def stranger(db: None, settings: Settings, tmp_path: Path) -> Client:
    """Somebody who is not logged in, and sees errors as a browser would."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    settings.STATIC_ROOT = tmp_path
    return Client(raise_request_exception=False)


def is_refused(response: HttpResponseBase) -> bool:
    if response.status_code == 302:
        logins = {resolve_url(settings.LOGIN_URL), resolve_url("admin:login")}
        return urlsplit(response.headers["Location"]).path in logins
    return response.status_code in REFUSED


def test_the_walk_finds_the_addresses_that_are_certainly_there() -> None:
    found = addresses()

    assert {"/", "/healthz", "/login/", "/tickets/1/", "/admin/triage/label/"} <= set(found)


def test_the_example_of_every_address_leads_to_it() -> None:
    assert [path for path in addresses() if not resolve(path)] == []


@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_every_address_asks_for_a_login_or_has_a_reason_here(stranger: Client, method: str) -> None:
    send = getattr(stranger, method)
    answers = {path: send(path) for path in addresses() if path not in PUBLIC}

    let_in = {p: answer.status_code for p, answer in answers.items() if not is_refused(answer)}
    assert let_in == {}


def test_every_public_address_needs_no_login(stranger: Client) -> None:
    answers = {path: stranger.get(path) for path in addresses() if path in PUBLIC}

    assert [path for path, answer in answers.items() if answer.status_code not in (200, 401)] == []


def test_nothing_below_the_admin_area_is_public() -> None:
    assert [path for path in PUBLIC if path.startswith("/admin/")] == []
