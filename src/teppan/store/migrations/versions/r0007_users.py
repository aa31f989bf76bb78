"""Erasing: the user of each request, so that a person's traces are found."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa
from alembic import op

from teppan.core.errors import StoreError

revision = "0007"
down_revision = "0006"

BATCH = 200


_traces = sa.table(
    "traces",
    sa.column("tenant", sa.Text),
    sa.column("id", sa.Text),
    sa.column("user_id", sa.Text),
    sa.column("body", sa.LargeBinary),
)


def upgrade() -> None:
    op.add_column("traces", sa.Column("user_id", sa.Text))
    op.create_index(
        "traces_user",
        "traces",
        ["tenant", "user_id", "id"],
        sqlite_where=sa.text("user_id IS NOT NULL"),
        postgresql_where=sa.text("user_id IS NOT NULL"),
    )
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    """Who asked stands only in the bodies of earlier traces."""
    after = ("", "")
    while True:
        wanted = (
            sa.select(_traces.c.tenant, _traces.c.id, _traces.c.body)
            .where(sa.tuple_(_traces.c.tenant, _traces.c.id) > sa.tuple_(*after))
            .order_by(_traces.c.tenant, _traces.c.id)
            .limit(BATCH)
        )
        found = connection.execute(wanted).all()
        for tenant, id, body in found:
            user = _user(body)
            if user:
                here = (_traces.c.tenant == tenant) & (_traces.c.id == id)
                connection.execute(sa.update(_traces).where(here).values(user_id=user))
        if len(found) < BATCH:
            return
        after = (found[-1].tenant, found[-1].id)


def _user(body: bytes) -> str | None:
    try:
        asked = msgspec.json.decode(body).get("request")
        user = asked.get("user") if isinstance(asked, dict) else None
    except (msgspec.DecodeError, AttributeError):
        return None
    return user.replace("\x00", "\ufffd") if isinstance(user, str) and user else None


def downgrade() -> None:
    raise StoreError("a schema is never downgraded; restore the backup made before the upgrade")
