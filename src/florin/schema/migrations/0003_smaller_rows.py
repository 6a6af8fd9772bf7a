"""Smaller rows: claims are found by a digest of their key, and an event's body is kept as text."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("schema", "0002_line_again")]
    operations = [
        migrations.RunSQL(
            (SQL / "0003_smaller_rows.sql").read_text(encoding="utf-8"), reverse_sql=migrations.RunSQL.noop
        )
    ]
