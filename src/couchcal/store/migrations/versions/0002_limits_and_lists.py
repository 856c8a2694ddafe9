"""At most 15 blocks a day and 15 event types (AVL-04, EVT-01); places and modifiers can be retired.

The practice's own functions refuse first, in words; the triggers hold against every other writer.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from couchcal.store.migrations.postgresql import drop_trigger, on_server, refuse, trigger

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
_BLOCKS_FULL = "(SELECT count(*) FROM availability_block WHERE weekday = NEW.weekday AND id <> NEW.id) >= 15"
_TYPES_FULL = "NEW.active AND (SELECT count(*) FROM event_type WHERE active AND id <> NEW.id) >= 15"


def upgrade() -> None:
    for table in ("location", "modifier"):
        op.add_column(table, sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()))
    if on_server():
        for table, column, full, words in (
            ("availability_block", "weekday", _BLOCKS_FULL, "at most 15 blocks a day"),
            ("event_type", "active", _TYPES_FULL, "at most 15 event types"),
        ):
            body = f"IF {full} THEN {refuse(words)} END IF;"
            trigger(f"{table}_limit_insert", f"BEFORE INSERT ON {table}", body, gives="NEW")
            trigger(f"{table}_limit_update", f"BEFORE UPDATE OF {column} ON {table}", body, gives="NEW")
        return
    for statement, column in ((_BLOCKS, "weekday"), (_TYPES, "active")):
        op.execute(statement.format(event="insert", moment="INSERT"))
        op.execute(statement.format(event="update", moment=f"UPDATE OF {column}"))


def downgrade() -> None:
    for table in ("availability_block", "event_type"):
        for event in ("insert", "update"):
            drop_trigger(f"{table}_limit_{event}")
    for table in ("location", "modifier"):
        with op.batch_alter_table(table) as batch:
            batch.drop_column("active")
