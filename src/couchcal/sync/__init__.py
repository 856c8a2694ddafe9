"""Keeping remote calendars and this one true to each other."""
