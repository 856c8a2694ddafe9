"""Quotas: sliding windows on the virtual clock, and bursts of writes to one calendar (§ quotas)."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from tests.google.config import Config
from tests.google.messages import ApiError

MINUTE_US = 60_000_000


class Quotas:
    """Counts requests and refuses the ones beyond the quota. A limit of 0 means none."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._windows: dict[str, deque[int]] = {}
        self._refused = 0

    def request(self, user: str, now_us: int) -> None:
        """Count a request. Raises ApiError 403 or 429 in the configured `quota_form`."""
        config = self._config
        for name, limit in ((f"user {user}", config.quota_user_per_min), ("project", config.quota_project_per_min)):
            wait_us = self._count(name, limit, MINUTE_US, now_us)
            if wait_us is not None:
                raise self._refusal(user_limit=name != "project", wait_us=wait_us)

    def write(self, calendar: str, now_us: int) -> None:
        """Count a write to a calendar. Raises ApiError 403 in a burst."""
        config = self._config
        span_us = config.write_burst_ms * 1000
        wait_us = self._count(f"calendar {calendar}", config.write_burst_n, span_us, now_us)
        if wait_us is not None:
            raise limit_exceeded(403, config.write_burst_reason)

    def _count(self, name: str, limit: int, span_us: int, now_us: int) -> int | None:
        if not limit:
            return None
        window = self._windows.setdefault(name, deque())
        while window and window[0] <= now_us - span_us:
            window.popleft()
        if len(window) >= limit:
            return window[0] + span_us - now_us
        window.append(now_us)
        return None

    def _refusal(self, user_limit: bool, wait_us: int) -> ApiError:
        self._refused += 1
        form = self._config.quota_form
        if form == "alternate":
            form = "429+Retry-After" if self._refused % 2 else "403user"
        if form == "429":
            return limit_exceeded(429, "rateLimitExceeded")
        if form == "429+Retry-After":
            seconds = max(1, -(-wait_us // 1_000_000))
            return limit_exceeded(429, "rateLimitExceeded", {"Retry-After": str(seconds)})
        return limit_exceeded(
            403, "userRateLimitExceeded" if form == "403user" and user_limit else "rateLimitExceeded"
        )


def limit_exceeded(code: int, reason: str, headers: Mapping[str, str] | None = None) -> ApiError:
    """A refusal in the domain usageLimits: rateLimitExceeded, userRateLimitExceeded or quotaExceeded."""
    words = {"rateLimitExceeded": "Rate Limit Exceeded", "userRateLimitExceeded": "User Rate Limit Exceeded"}
    message = words.get(reason, "Calendar usage limits exceeded.")
    return ApiError(code, reason, message, domain="usageLimits", headers=headers)
