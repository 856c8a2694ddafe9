"""An emulator of Google Calendar for the tests: stricter than Google where Google says nothing.

It shares nothing with the program it tests: standard library and dateutil only (`transport` needs requests).

* `config` the toggles, `profiles` named sets of them, `model` the state, `world` the clock and the one way to
  write rows.
* `emulator.Emulator` (`.world`, `.config`, `.log`, `.outbox`, `handle`, `control`) answers requests; `server`
  (over sockets) and `transport` (in process) call it. `routes` and `access` say what a path means and who may;
  `listing`, `events_read`, `events_write`, `calendars`, `calendar_list`, `sharing`, `other`, `batch` and `oauth`
  do it; `faults` and `quotas` stand in between; `control` and `admin` are the tests' own way in.
* `recurrence.problem(lines, start, end, config) -> str | None`: the message that refuses rule lines.
* `series.find(world, calendar, event_id) -> EventRow | None`: the row, or the instance it would be (kind
  exception, rev and etag of its master, not stored); None for an id that addresses nothing.
* `series.instances(world, calendar, master, start, end) -> Iterator[EventRow]`: stored and virtual instances,
  cancelled ones too, by original start; those that touch the half-open [start, end) of seconds (None: open).
* `series.follow(world, calendar, before, after) -> list[EventRow]`: what else changes when a master changes.
* `ui.dispatch(emulator, email, op, body)` the person at the web page, `lint.violations(emulator)` the judge of
  the traffic, `expect.view(emulator, calendar, start, end)` the canonical view.
"""
