"""Hosts of web addresses: which of them a stranger on the internet can reach, and which never leave this machine."""

from __future__ import annotations

import ipaddress
import re

# Letters, digits and hyphens between dots; the last part begins with a letter, or else a resolver may take the whole
# for an IPv4 address in one of its older spellings (127.1, 0x7f000001).
_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?")
# Last parts of names that no public server answers: set aside (RFC 2606, 6761, 6762, 7686, 8375; ICANN's `internal`),
# or used in networks of one's own and never given to anyone.
_NEVER_PUBLIC = re.compile(
    "localhost|localdomain|local|internal|intranet|private|lan|home|corp|arpa|test|example|invalid|onion"
)


def is_public(host: str) -> bool:
    """Returns whether a stranger on the internet may reach this host, as far as its spelling tells.

    An IPv6 address comes without its brackets.
    """
    name = host.lower().removesuffix(".")
    address = _address(name)
    if address is None:
        return bool(_NAME.fullmatch(name)) and not _NEVER_PUBLIC.fullmatch(name.rpartition(".")[2])
    if isinstance(address, ipaddress.IPv6Address) and address.sixtofour is not None:
        address = address.sixtofour
    return address.is_global and not address.is_multicast and not address.is_reserved


def is_loopback(host: str) -> bool:
    """Returns whether what is sent to this host stays on the machine. An IPv6 address comes without its brackets."""
    address = _address(host)
    return host.lower() == "localhost" if address is None else address.is_loopback


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
