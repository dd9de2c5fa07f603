"""Who calls: the address a visitor is known by wherever tries are counted."""

from ipaddress import IPv4Address, IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest

# One connection holds a network of 64 bits, so that its owner has more addresses than anybody could count.
NETWORK_BITS = 64


def client_address(request: HttpRequest) -> str:
    """Return the address a caller is counted by: his own, or for IPv6 that of his network.

    Each of the `TRUSTED_PROXIES` adds at the right of X-Forwarded-For whom it was called by; all that stands left
    of these was written by the caller himself. A header that is too short did not come through all of the proxies.
    """
    proxies: int = settings.TRUSTED_PROXIES
    named = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    peer = request.META.get("REMOTE_ADDR", "")
    told = _counted(named[-proxies]) if 0 < proxies <= len(named) else ""
    return told or _counted(peer) or peer


def _counted(text: str) -> str:
    """Return an address as it is counted, empty for what is none."""
    try:
        address = ip_address(_without_port(text.strip()))
    except ValueError:
        return ""
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    if address.is_loopback:
        return str(address)
    rest = address.max_prefixlen - NETWORK_BITS
    return str(IPv6Address(int(address) >> rest << rest))


def _without_port(text: str) -> str:
    """Some proxies write 192.0.2.1:5000 and [2001:db8::1]:5000."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
