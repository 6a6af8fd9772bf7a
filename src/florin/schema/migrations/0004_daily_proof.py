"""The daily proof: what it has summed and how far, so that the next day starts from there."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("schema", "0003_smaller_rows")]
    operations = [
        migrations.RunSQL(
            (SQL / "0004_daily_proof.sql").read_text(encoding="utf-8"), reverse_sql=migrations.RunSQL.noop
        )
    ]
