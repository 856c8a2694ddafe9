"""couchcal: the calendar a solo practitioner keeps open in a terminal."""

__version__ = "0.1.0"
