"""The rules of a practice: the one way to ask what is on the calendar, the one way to change it."""
