"""An emulator of Google Calendar for the tests: stricter than Google where Google says nothing.

It shares nothing with the program it tests: standard library and dateutil only (`transport` needs requests).

* `config` the toggles, `profiles` named sets of them, `model` the state, `world` the clock and the one way to
  write rows.
* `emulator.Emulator.handle` answers a request; `server` (over sockets) and `transport` (in process) call it.
* `series` and `recurrence` know series, `ui` is the person in front of the web page, `lint` judges the traffic.
"""
