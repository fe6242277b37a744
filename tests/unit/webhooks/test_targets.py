"""Addresses taken apart."""

import pytest
from pytest_django import Settings

from triage.exceptions import InvalidInput
from triage.services.webhooks.targets import parse


@pytest.fixture(autouse=True)
def only_https(settings: Settings) -> None:
    settings.TRIAGE_WEBHOOKS_ALLOW_HTTP = False


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("https://example.com", "example.com", 443, "/"),
        ("https://Example.COM/Hook?a=1&b=2#part", "example.com", 443, "/Hook?a=1&b=2"),
        ("https://example.com:8443/", "example.com", 8443, "/"),
        ("https://example.com:/x", "example.com", 443, "/x"),
        ("https://[2606:2800::1]:8443/x", "2606:2800::1", 8443, "/x"),
        ("  https://example.com/a b ", "example.com", 443, "/a%20b"),
        ("https://bücher.example/ü", "xn--bcher-kva.example", 443, "/%C3%BC"),
    ],
)
def test_the_parts_are_those_of_the_request(url: str, host: str, port: int, path: str) -> None:
    target = parse(url)

    assert (target.host, target.port, target.path) == (host, port, path)


@pytest.mark.parametrize(
    ("url", "header"),
    [
        ("https://example.com/x", "example.com"),
        ("https://example.com:443/x", "example.com"),
        ("https://example.com:8443/x", "example.com:8443"),
        ("https://[2606:2800::1]/x", "[2606:2800::1]"),
        ("https://[2606:2800::1]:8443/x", "[2606:2800::1]:8443"),
    ],
)
def test_the_host_header_names_the_port_only_where_it_is_another(url: str, header: str) -> None:
    assert parse(url).host_header == header


def test_what_is_stored_leads_to_the_same_request() -> None:
    target = parse("HTTPS://Bücher.example:8443/a b?q=ü#part")

    assert parse(target.url) == target


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("", "must start with https://"),
        ("example.com/hook", "must start with https://"),
        ("http://example.com/hook", "must start with https://"),
        ("ftp://example.com/", "must start with https://"),
        ("javascript:alert(1)", "must start with https://"),
        ("https://", "has no host"),
        ("https:///path", "has no host"),
        ("https://user@example.com/", "user name"),
        ("https://user:secret@example.com/", "user name"),
        ("https://:@example.com/", "user name"),
        ("https://example.com:99999/", "is no URL"),
        ("https://exa mple.com/", "is no URL"),
        ("https://[::1/", "is no URL"),
        (f"https://example.com/{'x' * 500}", "more than 500 characters"),
        (f"https://example.com/{'ü' * 200}", "more than 500 characters when encoded"),
    ],
)
def test_an_address_that_may_not_be_asked_is_refused_in_words(url: str, fault: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(url)

    assert caught.value.field == "url"
    assert fault in caught.value.message


def test_the_operator_may_allow_http(settings: Settings) -> None:
    settings.TRIAGE_WEBHOOKS_ALLOW_HTTP = True

    assert parse("http://example.com/hook").port == 80
