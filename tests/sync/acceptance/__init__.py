"""A practice, the emulated Google and the engine between them, for the acceptance of the sync.

`world` holds the three together, `here` is what a person does in couchcal, `there` what one does in Google,
`faults` what goes wrong, `trail` who did what, `checks` what must hold when everything has come to rest. Every deed
takes plain numbers and words, so that a list of them can be done again (`script`); `hunt` makes such lists up.
"""
