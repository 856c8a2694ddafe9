"""The audit trail only grows: its entries are neither changed nor removed.

What is pruned after six years is removed by one command, which takes the trigger away and puts it back in the
transaction that leaves an entry of it.
"""

from __future__ import annotations

from alembic import op

from couchcal.store.migrations.postgresql import drop_trigger, on_server, refuse, trigger

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for event in ("update", "delete"):
        if on_server():
            name, when = f"audit_entry_no_{event}", f"BEFORE {event.upper()} ON audit_entry"
            trigger(name, when, refuse("audit_append_only"))
            continue
        op.execute(
            f"CREATE TRIGGER audit_entry_no_{event} BEFORE {event.upper()} ON audit_entry"
            " BEGIN SELECT RAISE(ABORT, 'audit_append_only'); END"
        )
    if on_server():
        op.execute(
            "CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry"
            " FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_no_delete()"
        )


def downgrade() -> None:
    for event in ("update", "delete"):
        drop_trigger(f"audit_entry_no_{event}")
