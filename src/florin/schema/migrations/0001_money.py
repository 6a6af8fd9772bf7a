"""The money tables, the lanes, the first clock row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db import migrations

from florin.engine.lanes import LANES

SQL = Path(__file__).parent.parent / "sql"


def fill_lanes(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("INSERT INTO lane (lane) SELECT unnest(%s::smallint[])", [list(LANES)])


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [
        migrations.RunSQL((SQL / "0001_money.sql").read_text(encoding="utf-8"), reverse_sql=migrations.RunSQL.noop),
        migrations.RunPython(fill_lanes, migrations.RunPython.noop),
    ]
