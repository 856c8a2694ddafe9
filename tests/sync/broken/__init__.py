"""Twelve clients with one deliberate defect each, and what they have to come through: if one does, the tests of the
sync are too weak. A defect takes the place of a function of the sound client, for as long as a test lasts.
"""
