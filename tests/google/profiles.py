"""Named sets of toggles: the whole client has to come through under each (§ profiles)."""

from __future__ import annotations

from typing import Any

from tests.google.config import Config
from tests.google.model import Json

_NO_LIMITS: dict[str, Any] = {"quota_user_per_min": 0, "quota_project_per_min": 0, "write_burst_n": 0}
_PARANOID: dict[str, Any] = {
    "family_mode": "family",
    "tombstones": "mixed",
    "order": "shuffled",
    "scan_page_size": 2,
    "dup_rows_across_pages": 0.1,
    "noop_patch": "bump",
    "list_lag_ms": 1500,
    "lowercase_instance_ids": 0.05,
    "cancelled_master_leak": True,
    "null_sync_token": 0.02,
    "utc_suffix": "+00:00",
    "fresh_calendar_403_ms": 2000,
    "gzip": True,
}
PROFILES: dict[str, dict[str, Any]] = {
    "friendly": _NO_LIMITS
    | {"family_mode": "independent", "tombstones": "full", "order": "by_start", "noop_patch": "keep"},
    "recorded": {
        "family_mode": "family",
        "tombstones": "recorded",
        "order": "by_updated",
        "page_content": "live",
        "gzip": True,
    },
    "paranoid": _PARANOID,
    "flaky": _PARANOID,
    "strict-quota": {
        "quota_user_per_min": 30,
        "write_burst_n": 3,
        "write_burst_ms": 2000,
        "quota_form": "alternate",
    },
    "aging": {
        "clock_jump": 0.05,
        "testing_mode": True,
        "undelete": "403",
    },
}
FLAKY_RATE = 0.15
FLAKY_ACTIONS: list[Json] = [
    {"type": "status", "code": 503, "reason": "backendError", "message": "Backend Error"},
    {"type": "status", "code": 500, "reason": "backendError", "message": "Backend Error"},
    {"type": "status", "code": 429, "reason": "rateLimitExceeded", "message": "Rate Limit Exceeded"},
    {"type": "drop_before"},
    {"type": "drop_after"},
    {"type": "status_after", "code": 503},
    {"type": "truncate", "bytes": 20},
    {"type": "garbage"},
    {"type": "html_502"},
    {"type": "empty_200"},
    {"type": "bad_gzip"},
    {"type": "wrong_length"},
    {"type": "deliver_twice"},
    {"type": "captive_portal_200_html"},
    {"type": "redirect"},
    {"type": "delay", "ms": 200},
    {"type": "hang"},
]


def apply(name: str, config: Config) -> list[Json]:
    """Set the toggles of a profile; the faults that belong to it. Raises ValueError for an unknown name."""
    if name not in PROFILES:
        raise ValueError(f"unknown profile {name!r}")
    config.change(PROFILES[name])
    if name != "flaky":
        return []
    action = {"type": "random", "of": FLAKY_ACTIONS}
    return [{"id": "flaky", "match": {}, "when": {"prob": FLAKY_RATE}, "action": action}]
