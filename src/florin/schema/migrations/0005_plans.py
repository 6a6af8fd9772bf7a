"""Plans: how an agreed plan was priced, on its payment."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("schema", "0004_daily_proof")]
    operations = [
        migrations.RunSQL((SQL / "0005_plans.sql").read_text(encoding="utf-8"), reverse_sql=migrations.RunSQL.noop)
    ]
