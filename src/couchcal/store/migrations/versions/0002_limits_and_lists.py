"""At most 15 blocks a day and 15 event types (AVL-04, EVT-01); places and modifiers can be retired.

The practice's own functions refuse first, in words; the triggers hold against every other writer.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BLOCKS = """
CREATE TRIGGER availability_block_limit_{event} BEFORE {moment} ON availability_block
WHEN (SELECT count(*) FROM availability_block WHERE weekday = NEW.weekday AND id IS NOT NEW.id) >= 15
BEGIN SELECT RAISE(ABORT, 'at most 15 blocks a day'); END
"""
_TYPES = """
CREATE TRIGGER event_type_limit_{event} BEFORE {moment} ON event_type
WHEN NEW.active AND (SELECT count(*) FROM event_type WHERE active AND id IS NOT NEW.id) >= 15
BEGIN SELECT RAISE(ABORT, 'at most 15 event types'); END
"""


def upgrade() -> None:
    for table in ("location", "modifier"):
        op.add_column(table, sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()))
    for statement, column in ((_BLOCKS, "weekday"), (_TYPES, "active")):
        op.execute(statement.format(event="insert", moment="INSERT"))
        op.execute(statement.format(event="update", moment=f"UPDATE OF {column}"))


def downgrade() -> None:
    for table in ("availability_block", "event_type"):
        for event in ("insert", "update"):
            op.execute(f"DROP TRIGGER {table}_limit_{event}")
    for table in ("location", "modifier"):
        with op.batch_alter_table(table) as batch:
            batch.drop_column("active")
