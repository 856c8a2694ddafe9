"""The background work of a practice: a loop over jobs, which one process at a time runs."""

from couchcal.worker.thread import Worker

__all__ = ["Worker"]
