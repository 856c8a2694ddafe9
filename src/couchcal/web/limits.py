"""How often somebody may come to the door: by network (/24, of IPv6 /64) and by address. Kept in memory only."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

Network = IPv4Network | IPv6Network
What = Literal["look", "book", "sign_in", "cancel", "feed"]

RATES: dict[What, RateLimitItem] = {
    "look": parse("60/minute"),
    "book": parse("5/10 minutes"),
    "sign_in": parse("3/15 minutes"),
    "cancel": parse("5/10 minutes"),
    "feed": parse("120/minute"),
}
"""Looking is any page; booking, signing in and cancelling is asking the practice for something. Feeds are read by
programs, those of many people from one network."""


class Limits:
    """Counts what was done. Nothing of it outlives the process, or is written down."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def wait(self, what: What, *keys: str) -> int:
        """Count one more for each of `keys`; the seconds until it is allowed again, 0 if it is now."""
        rate = RATES[what]
        refused = [key for key in keys if not self._limiter.hit(rate, what, key)]
        if not refused:
            return 0
        resets = (self._limiter.get_window_stats(rate, what, key).reset_time for key in refused)
        return max(1, math.ceil(max(resets) - time.time()))


def sender(peer: str | None, forwarded: Sequence[str], proxies: Sequence[Network]) -> str:
    """The address that a request came from: the last one in `X-Forwarded-For` that is no proxy of ours.

    The header counts only where the peer is one of `proxies`; anybody can write anything into it.
    """
    hops = [hop.strip() for line in forwarded for hop in line.split(",")]
    found = peer or ""
    while hops and _trusted(found, proxies):
        found = hops.pop()
    return found


def from_proxy(peer: str | None, proxies: Sequence[Network]) -> bool:
    """Whether the peer is a proxy whose headers count."""
    return _trusted(peer or "", proxies)


def network(address: str) -> str:
    """The network that an address is counted with: its /24, of IPv6 its /64; what is no address counts as one."""
    found = _address(address)
    if found is None:
        return "unknown"
    return str(ip_network(f"{found}/{24 if found.version == 4 else 64}", strict=False))


def _trusted(address: str, proxies: Sequence[Network]) -> bool:
    found = _address(address)
    return found is not None and any(found in known for known in proxies)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text.removeprefix("[").partition("]")[0].partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found
