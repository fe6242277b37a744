"""Which addresses a webhook may reach."""

import socket
import threading
from typing import Any

import pytest
from pytest_django import Settings

from triage.services.webhooks import addresses
from triage.services.webhooks.addresses import AddressRefused, HostUnknown, find_allowed, is_public

PUBLIC = [
    "93.184.216.34",
    "8.8.8.8",
    "172.15.255.255",
    "172.32.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "2606:2800:220:1:248:1893:25c8:1946",
    "2a00:1450:4001:81b::200e",
    "64:ff9b::8.8.8.8",
    "::ffff:8.8.8.8",
]
REFUSED = {
    "0.0.0.0": "this host",
    "0.1.2.3": "this network",
    "10.0.0.1": "private",
    "100.64.0.1": "carrier-grade NAT",
    "100.127.255.255": "carrier-grade NAT",
    "127.0.0.1": "loopback",
    "127.8.9.10": "loopback",
    "169.254.169.254": "link-local, a cloud's metadata",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.0.0.170": "protocol assignments",
    "192.0.2.1": "documentation",
    "192.88.99.1": "6to4 relays",
    "192.168.1.1": "private",
    "198.18.0.1": "benchmarks",
    "198.51.100.7": "documentation",
    "203.0.113.7": "documentation",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "broadcast",
    "::": "this host",
    "::1": "loopback",
    "::7f00:1": "IPv4-compatible loopback",
    "::ffff:127.0.0.1": "mapped loopback",
    "::ffff:10.0.0.1": "mapped private",
    "::ffff:169.254.169.254": "mapped link-local",
    "64:ff9b::127.0.0.1": "NAT64 to loopback",
    "64:ff9b::a9fe:a9fe": "NAT64 to a cloud's metadata",
    "64:ff9b:1::1": "NAT64 for local use",
    "100::1": "discard",
    "2001::1": "Teredo",
    "2001:db8::1": "documentation",
    "2002:808:808::1": "6to4, given up",
    "2002:7f00:1::": "6to4 to loopback",
    "2002:c0a8:101::1": "6to4 to private",
    "3fff::1": "documentation",
    "4000::1": "handed out to nobody",
    "5f00::1": "segment routing",
    "fc00::1": "unique local",
    "fd12:3456::1": "unique local",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local with a scope",
    "2606:2800:220::1%eth0": "a scope, which only local addresses have",
    "fec0::1": "site-local",
    "ff02::1": "multicast",
}


@pytest.fixture(autouse=True)
def strict(settings: Settings) -> None:
    settings.TRIAGE_WEBHOOKS_ALLOW_PRIVATE = False


def resolve_to(monkeypatch: pytest.MonkeyPatch, *found: str) -> None:
    monkeypatch.setattr(addresses, "lookup", lambda *_, **__: list(found))


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_asked(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", REFUSED, ids=lambda address: f"{address} {REFUSED[address]}")
def test_an_address_inside_somebodys_network_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "::1", "2130706433", "0x7f.1", "017700000001", "127.1"],
)
def test_loopback_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises(AddressRefused):
        find_allowed(host, within_seconds=3)


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, "93.184.216.34", "10.0.0.7")

    with pytest.raises(AddressRefused) as caught:
        find_allowed("hooks.example.com", within_seconds=1)
    assert "10.0.0.7" not in str(caught.value)


def test_all_public_addresses_are_given_once_in_the_systems_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolve_to(monkeypatch, "2606:2800::1", "93.184.216.34", "2606:2800::1")

    found = find_allowed("hooks.example.com", within_seconds=1)

    assert found == ["2606:2800::1", "93.184.216.34"]


def test_the_operator_may_allow_private_addresses(settings: Settings) -> None:
    settings.TRIAGE_WEBHOOKS_ALLOW_PRIVATE = True

    assert find_allowed("127.0.0.1", within_seconds=1) == ["127.0.0.1"]


def test_a_name_that_stands_for_nothing_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)

    with pytest.raises(HostUnknown):
        find_allowed("hooks.example.com", within_seconds=1)


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(10))

    with pytest.raises(HostUnknown):
        find_allowed("hooks.example.com", within_seconds=0.1)
    released.set()
