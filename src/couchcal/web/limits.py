"""How often somebody may come to the door: by network (/24, of IPv6 /64) and by address. Kept in memory only."""

from __future__ import annotations

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from threading import Lock
from typing import Literal, NamedTuple

Network = IPv4Network | IPv6Network
What = Literal["look", "book", "sign_in", "try", "cancel", "feed"]


class Rate(NamedTuple):
    """So many times in any so many seconds."""

    times: int
    seconds: int


RATES: dict[What, Rate] = {
    "look": Rate(60, 60),
    "book": Rate(5, 600),
    "sign_in": Rate(3, 900),
    "try": Rate(20, 900),
    "cancel": Rate(5, 600),
    "feed": Rate(120, 60),
}
"""Looking is any page; booking, signing in and cancelling is asking the practice for something. A
try is any step of signing in, of a network that several clients may share. Feeds are read by
programs, those of many people from one network."""


class Limits:
    """Counts what was done, in windows that move with the time. Nothing of it outlives the process, or is written
    down; what is older than its window is forgotten.

    Args:
        clock: seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._done: dict[What, OrderedDict[str, deque[float]]] = {what: OrderedDict() for what in RATES}

    def wait(self, what: What, *keys: str) -> int:
        """Count one more for each of `keys`; the seconds until it is allowed again, 0 if it is now.

        What is refused does not count: who waits as long as they are told may come.
        """
        with self._lock:
            now = self._clock()
            return max(self._hit(what, key, now) for key in keys)

    def _hit(self, what: What, key: str, now: float) -> int:
        rate, done = RATES[what], self._done[what]
        while done and next(iter(done.values()))[-1] <= now - rate.seconds:
            done.popitem(last=False)  # the keys stand in the order of their last time
        times = done.setdefault(key, deque())
        while times and times[0] <= now - rate.seconds:
            times.popleft()
        if len(times) >= rate.times:
            return max(1, math.ceil(times[0] + rate.seconds - now))
        times.append(now)
        done.move_to_end(key)
        return 0


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
