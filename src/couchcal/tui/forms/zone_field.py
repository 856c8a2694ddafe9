"""The time zone of a form as text: what is suggested, and which zone the text means. Pure."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import available_timezones

from couchcal.scheduling.wallclock import UnknownZone, zone

_MOST = 8
_ABBREVIATIONS = {
    "est": "America/New_York", "edt": "America/New_York", "et": "America/New_York",
    "cst": "America/Chicago Asia/Shanghai", "cdt": "America/Chicago", "ct": "America/Chicago",
    "mst": "America/Denver America/Phoenix", "mdt": "America/Denver", "mt": "America/Denver",
    "pst": "America/Los_Angeles Asia/Manila", "pdt": "America/Los_Angeles", "pt": "America/Los_Angeles",
    "akst": "America/Anchorage", "akdt": "America/Anchorage", "hst": "Pacific/Honolulu",
    "ast": "America/Halifax Asia/Riyadh", "adt": "America/Halifax", "nst": "America/St_Johns",
    "brt": "America/Sao_Paulo", "art": "America/Argentina/Buenos_Aires", "clt": "America/Santiago",
    "gmt": "Europe/London UTC Africa/Accra", "bst": "Europe/London Asia/Dhaka", "wet": "Europe/Lisbon",
    "cet": "Europe/Berlin Europe/Paris Europe/Madrid", "cest": "Europe/Berlin Europe/Paris Europe/Madrid",
    "mez": "Europe/Berlin", "mesz": "Europe/Berlin", "eet": "Europe/Athens Europe/Kyiv Africa/Cairo",
    "eest": "Europe/Athens Europe/Kyiv", "msk": "Europe/Moscow", "trt": "Europe/Istanbul",
    "ist": "Asia/Kolkata Europe/Dublin Asia/Jerusalem", "idt": "Asia/Jerusalem", "pkt": "Asia/Karachi",
    "npt": "Asia/Kathmandu", "gst": "Asia/Dubai", "ict": "Asia/Bangkok", "wib": "Asia/Jakarta",
    "sgt": "Asia/Singapore", "hkt": "Asia/Hong_Kong", "jst": "Asia/Tokyo", "kst": "Asia/Seoul",
    "awst": "Australia/Perth", "acst": "Australia/Adelaide Australia/Darwin", "acdt": "Australia/Adelaide",
    "aest": "Australia/Sydney Australia/Brisbane", "aedt": "Australia/Sydney", "nzst": "Pacific/Auckland",
    "nzdt": "Pacific/Auckland", "wat": "Africa/Lagos", "cat": "Africa/Maputo", "eat": "Africa/Nairobi",
    "sast": "Africa/Johannesburg", "utc": "UTC", "z": "UTC",
}  # fmt: skip
"""What people call zones. An abbreviation may mean several: `IST` is India, Ireland and Israel."""


@lru_cache(maxsize=1)
def _zones() -> tuple[str, ...]:
    return tuple(sorted(name for name in available_timezones() if "/" in name or name == "UTC"))


def find_zones(text: str) -> list[str]:
    """IANA zones of which a part begins with `text` (APT-13): `new y` finds America/New_York; `IST` what it may
    stand for."""
    wanted = text.strip().lower().replace(" ", "_")
    if not wanted:
        return []
    called = [name for name in _ABBREVIATIONS.get(wanted, "").split() if name in _zones()]
    begins = [name for name in _zones() if name.lower().startswith(wanted)]
    parts = [name for name in _zones() if f"/{wanted}" in f"/{name.lower()}"]
    inside = [name for name in _zones() if f"_{wanted}" in name.lower()]
    usual = [name for name in parts if not name.startswith(("Etc/", "posix/", "right/", "SystemV/"))]
    return list(dict.fromkeys([*called, *usual, *begins, *parts, *inside]))[:_MOST]


def read_zone(text: str) -> str:
    """The zone a text means: itself where it is one, else the only one of `find_zones`, else the text."""
    text = text.strip()
    try:
        zone(text)
    except UnknownZone:
        found = find_zones(text)
        exact = [name for name in found if name.lower().rpartition("/")[2] == text.lower().replace(" ", "_")]
        return exact[0] if exact else found[0] if len(found) == 1 else text
    return text
