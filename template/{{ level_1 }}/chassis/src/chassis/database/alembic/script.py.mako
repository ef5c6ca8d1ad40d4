<%!
    import json


    def sentence(message):
        text = " ".join(message.split()).rstrip(".").replace("\\", "/").replace('"', "'")
        return text[:1].upper() + text[1:] + "."


    def literal(value):
        if isinstance(value, (set, frozenset, list, tuple)):
            return "(" + "".join(json.dumps(one) + ", " for one in value).rstrip(" ") + ")"
        return "None" if value is None else json.dumps(value)


    def body(operations):
        lines = (operations or "pass").splitlines()
        return "\n".join(line for line in lines if not line.strip().startswith("# ###")).strip()
%>\
"""${sentence(message)}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
"""

import sqlalchemy as sa
from alembic import op
% if imports:
${imports}
% endif

revision = ${literal(up_revision)}
down_revision = ${literal(down_revision)}
branch_labels = ${literal(branch_labels)}
depends_on = ${literal(depends_on)}


def upgrade() -> None:
    """Apply the migration."""
    ${body(upgrades)}


def downgrade() -> None:
    """Take it back."""
    ${body(downgrades)}
