"""One open line a person and program: a closed one no longer stands in the way of the next."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("schema", "0001_money")]
    operations = [
        migrations.RunSQL((SQL / "0002_line_again.sql").read_text(encoding="utf-8"), reverse_sql=migrations.RunSQL.noop)
    ]
