"""Rows on SQLite or SQLCipher, reached through SQLModel for changes and the DB-API for the hot read."""
