"""Alembic revisions of the schema, oldest first; `store.schema` runs them."""
