"""By what a login is counted: the spelling of an address, and where a request comes from."""

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from accounts import throttling


@pytest.mark.parametrize(
    "spelling",
    ["alice@example.com", "ALICE@Example.COM", " alice@example.com ", "alıce@example.com"],
)
def test_every_spelling_that_logs_in_as_alice_is_counted_as_hers(spelling: str) -> None:
    assert throttling.key_of(spelling) == "alice@example.com"


def test_a_key_fits_the_table_however_long_the_address() -> None:
    assert len(throttling.key_of("İ" * 300)) == 255


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "203.0.113.9", "198.51.100.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 192.0.2.1", "203.0.113.9"),
        (2, "203.0.113.9", "198.51.100.1"),
        (1, "", "198.51.100.1"),
        (1, "'; drop table", "198.51.100.1"),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
    ],
)
def test_the_visitor_is_who_the_furthest_trusted_proxy_saw(
    proxies: int, forwarded: str, expected: str, settings: Settings
) -> None:
    settings.TRIAGE_TRUSTED_PROXIES = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}

    request = RequestFactory(headers=headers).get("/", REMOTE_ADDR="198.51.100.1")

    assert throttling.client_address(request) == expected


def test_a_request_by_a_socket_has_no_address() -> None:
    assert throttling.client_address(RequestFactory().get("/", REMOTE_ADDR="")) is None
