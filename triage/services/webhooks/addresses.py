"""Which addresses a webhook may reach: public ones, unless the operator allows private ones too.

Every address that a name stands for is judged, and the request goes to the very address that was judged: a name that means
something else a moment later (DNS rebinding) gains nothing. An IPv6 address with an IPv4 address inside is judged by both.
"""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings

Address = IPv4Address | IPv6Address

UNICAST = IPv6Network("2000::/3")  # all that is handed out of IPv6
NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are the IPv4 address
# What `ipaddress` of some supported Python calls global: protocol assignments, relays, benchmarks, documentation.
SPECIAL = tuple(
    ip_network(text)
    for text in (
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",  # 6to4: given up (RFC 7526), and judged otherwise from one Python to the next
        "3fff::/20",
    )
)
LOOKUPS = 32  # at a time and process; a resolver that hangs must not use up all threads


class AddressRefused(Exception):
    """The host may not be asked; the message says why, without naming the address."""


class HostUnknown(Exception):
    """The name stands for no address, or nobody said so in time."""


def find_allowed(host: str, *, within_seconds: float) -> list[str]:
    """The addresses of `host`, in the system's order of preference; all of them may be asked.

    Raises:
        AddressRefused: At least one of them is private, and the operator has not allowed that.
        HostUnknown: There is none, or no answer in time.
    """
    found = list(dict.fromkeys(lookup(host, within_seconds=within_seconds)))
    if not found:
        raise HostUnknown("The host's name stands for no address.")
    if not settings.TRIAGE_WEBHOOKS_ALLOW_PRIVATE and not all(map(is_public, found)):
        raise AddressRefused("The host stands for a private, local or reserved address.")
    return found


def is_public(text: str) -> bool:
    """Whether an IP address may belong to somebody else's server on the internet."""
    address = ip_address(text)
    carried = list(_carried(address))
    if isinstance(address, IPv6Address) and (address.ipv4_mapped or address in NAT64):
        return all(map(_is_public, carried))
    return all(map(_is_public, [address, *carried]))


def lookup(host: str, *, within_seconds: float) -> list[str]:
    """The addresses that the system's resolver gives.

    Raises:
        HostUnknown: It gives none, or not in time.
    """
    try:
        found = _lookups.submit(socket.getaddrinfo, host, None, type=socket.SOCK_STREAM)
        return [str(each[4][0]) for each in found.result(within_seconds)]
    except (OSError, UnicodeError) as error:  # a timeout is an OSError too
        raise HostUnknown("The host's name cannot be resolved.") from error


def _carried(address: Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses inside: mapped, 6to4, Teredo's, NAT64."""
    if not isinstance(address, IPv6Address):
        return
    if address.ipv4_mapped:
        yield address.ipv4_mapped
    if address.sixtofour:
        yield address.sixtofour
    if address.teredo:
        yield from address.teredo
    if address in NAT64:
        yield IPv4Address(int(address) & 0xFFFF_FFFF)


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and (address not in UNICAST or address.scope_id):
        return False
    is_special = any(address in network for network in SPECIAL)
    is_odd = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not is_special and not is_odd


_lookups = ThreadPoolExecutor(max_workers=LOOKUPS, thread_name_prefix="webhook-lookup")
