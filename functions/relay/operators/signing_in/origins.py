"""Where a request comes from: `own_origin` says whether from our own page, `address_of` from which address. Pure."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

from relay.addresses import is_loopback
from relay.web import Request

_PORTS = {"http": 80, "https": 443}
# Each customer of a network has as many IPv6 addresses as they like, below one prefix of this length.
_IPV6_PREFIX = 64
_NO_ADDRESS = urlsplit("")


def own_origin(request: Request, console_base_url: str) -> str:
    """Returns the Origin of a request, if it is our own page's; else "".

    That is the console's configured address; and on this machine the address that was asked, which no page of another
    site has, whatever name it gave this machine.
    """
    given = request.headers.get("origin", "")
    origin = _parts(given)
    if origin is None or given != f"{origin.scheme}://{origin.netloc}":
        return ""
    ours = _parts(console_base_url)
    if ours is not None and _place(origin) == _place(ours):
        return given
    host = _parts(f"{origin.scheme}://{request.headers.get('host', '')}")
    is_here = is_loopback(origin.hostname or "") and host is not None and _place(origin) == _place(host)
    return given if is_here else ""


def is_plain(origin: str) -> bool:
    """Returns whether a page of this origin came by http, so that its cookies cannot be marked for https."""
    return origin.startswith("http://")


def address_of(request: Request, trusted_proxies: int) -> str:
    """Returns the address from which a request came, as the outermost trusted proxy saw it; "" without such a proxy.

    What stands further to the left in X-Forwarded-For was brought along by who asks, and may be made up.
    """
    if trusted_proxies < 1:
        return ""
    hops = [hop.strip() for hop in request.headers.get("x-forwarded-for", "").split(",") if hop.strip()]
    # Fewer than there are proxies: the request went around one of them. All such have one allowance.
    hop = hops[-trusted_proxies] if len(hops) >= trusted_proxies else "none"
    # Some proxies write the port behind it, which is another one each time.
    host = (_parts(f"http://{hop}") or _parts(f"http://[{hop}]") or _NO_ADDRESS).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "none"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, _IPV6_PREFIX), strict=False))
    return str(address)


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        return None
    return parts if is_one else None


def _place(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme]
