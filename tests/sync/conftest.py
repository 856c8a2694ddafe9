"""The desk of the practice's tests, for tests of the sync."""

from __future__ import annotations

from tests.practice.conftest import desk, furnished

__all__ = ["desk", "furnished"]
