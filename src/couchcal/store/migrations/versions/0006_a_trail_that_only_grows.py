"""The audit trail only grows: its entries are neither changed nor removed.

What is pruned after six years is removed by one command, which takes the trigger away and puts it back in the
transaction that leaves an entry of it.
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for event in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER audit_entry_no_{event} BEFORE {event.upper()} ON audit_entry"
            " BEGIN SELECT RAISE(ABORT, 'audit_append_only'); END"
        )


def downgrade() -> None:
    for event in ("update", "delete"):
        op.execute(f"DROP TRIGGER audit_entry_no_{event}")
