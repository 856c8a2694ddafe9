"""Every choice of the emulator that the documentation of Google leaves open, with its default.

A client has to come through with every value. Durations name their unit; a probability is between 0 and 1.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_origin, get_type_hints

DAY_S = 86_400


@dataclass
class Config:
    """The toggles in force. `change` refuses an unknown name and a value outside the named ones."""

    # Transport
    gzip: bool = False
    auto_tick_us: int = 1000
    clock_jump: float = 0.0
    clock_jump_s: int = 2 * DAY_S
    unknown_params: Literal["ignore", "400"] = "ignore"
    unknown_fields: Literal["ignore", "400"] = "ignore"
    readonly_fields: Literal["ignore", "400"] = "ignore"
    error_shape: Literal["legacy", "no_errors_array", "html"] = "legacy"
    batch: bool = False
    # Reading events
    family_mode: Literal["family", "independent"] = "family"
    appcreated_foreign: Literal["404", "403"] = "404"
    freebusy_scope_rows: Literal["stripped", "full"] = "stripped"
    order: Literal["shuffled", "by_updated", "by_start"] = "shuffled"
    cancelled_master_leak: bool = False
    scan_page_size: int | None = None
    page_content: Literal["live", "frozen"] = "live"
    dup_rows_across_pages: float = 0.0
    page_token_ttl_s: int = 3600
    page_token_expired: Literal["400", "410"] = "400"
    token_for_filtered: Literal["omit", "issue"] = "omit"
    windowed_token: Literal["unfiltered", "filtered"] = "unfiltered"
    param_mismatch: Literal["400", "undefined-drop"] = "400"
    collapse_unseen: bool = False
    sync_token_ttl_s: int = 7 * DAY_S
    tz_change_invalidates: bool = False
    expire_on_page: int | None = None
    null_sync_token: float = 0.0
    list_lag_ms: int = 0
    updated_min_horizon_s: int = 28 * DAY_S
    tombstones: Literal["full", "documented", "recorded", "bare", "mixed"] = "mixed"
    series_delete_emits: Literal["master", "master+exceptions"] = "master+exceptions"
    tombstone_ttl_s: int = 30 * DAY_S
    expansion_horizon_days: int = 730
    utc_suffix: Literal["Z", "+00:00"] = "Z"
    lowercase_instance_ids: float = 0.0
    private_filter: Literal["or", "and"] = "or"
    reminder_in_delta: bool = True
    # Writing events
    noop_patch: Literal["bump", "keep"] = "bump"
    weak_etag: Literal["412", "accept"] = "412"
    undelete: Literal["ok", "403", "403ui"] = "ok"
    labels_mode: bool = False
    move_keeps_private: bool = True
    max_summary: int = 1024
    max_description: int = 8192
    # Series
    bad_until: Literal["400", "accept"] = "400"
    two_rrules: Literal["400", "accept"] = "400"
    dtstart_counts: bool = True
    exception_inherit: Literal["snapshot", "live"] = "snapshot"
    orphan_exceptions: Literal["cancel", "keep"] = "cancel"
    split_exceptions: Literal["drop", "carry"] = "drop"
    split_count: Literal["remaining", "keep"] = "remaining"
    ui_all_resets_exceptions: bool = True
    ui_duplicate_copies_props: bool = True
    # Calendars
    fresh_calendar_403_ms: int = 0
    max_calendars_created: int = 25
    # OAuth
    consent: Literal["allow", "deny", "uncheck", "hang"] = "allow"
    consent_uncheck: list[str] = field(default_factory=list)
    favicon_first: bool = False
    rotate_refresh: bool = False
    testing_mode: bool = False
    # Quotas
    quota_user_per_min: int = 600
    quota_project_per_min: int = 10_000
    write_burst_n: int = 10
    write_burst_ms: int = 2000
    write_burst_reason: Literal["rateLimitExceeded", "quotaExceeded"] = "rateLimitExceeded"
    quota_form: Literal["403user", "403rate", "429", "429+Retry-After", "alternate"] = "403user"
    # What lint expects of the client
    allowed_calendars: list[str] | None = None
    canaries: list[str] = field(default_factory=list)
    max_calls_idle: int = 2
    backoff_base_ms: int = 1000

    def change(self, changes: Mapping[str, Any]) -> None:
        """Set the named toggles. Raises ValueError for an unknown name or value; then nothing has changed."""
        hints = _hints()
        for name, value in changes.items():
            if name not in hints:
                raise ValueError(f"unknown toggle {name!r}")
            if not _fits(value, hints[name]):
                raise ValueError(f"{name} cannot be {value!r}")
        for name, value in changes.items():
            setattr(self, name, value)

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def _hints() -> dict[str, Any]:
    return get_type_hints(Config)


def _fits(value: object, hint: Any) -> bool:
    origin = get_origin(hint)
    if origin is Literal:
        return value in get_args(hint)
    if origin is list:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if origin is not None:
        return any(_fits(value, part) for part in get_args(hint))
    if hint is type(None):
        return value is None
    if hint is bool:
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if hint is float:
        return isinstance(value, int | float) and 0 <= value <= 1
    return isinstance(value, int) and value >= 0
