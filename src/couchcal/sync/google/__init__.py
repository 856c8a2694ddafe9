"""Google Calendar behind `couchcal.sync.port`. Loads `requests` and `google.auth`: only the worker imports it."""
