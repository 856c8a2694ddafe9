"""The emulator against Google's discovery document and programs of others; run by `make crosscheck`."""
