"""Who signs in: shoppers with their PIN, merchants' people, and the throttle of failed sign-ins."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.CreateModel(
            name="Shopper",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shopper",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("person_id", models.BigIntegerField(unique=True)),
                ("pin_hash", models.CharField(max_length=200)),
                ("pin_failures", models.PositiveSmallIntegerField(default=0)),
                ("pin_locked_until", models.DateTimeField(null=True)),
                ("language", models.CharField(default="", max_length=8)),
            ],
            options={"db_table": "pages_shopper"},
        ),
        migrations.CreateModel(
            name="MerchantUser",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="merchant_user",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("merchant_id", models.BigIntegerField(db_index=True)),
            ],
            options={"db_table": "pages_merchant_user"},
        ),
        migrations.CreateModel(
            name="OperatorUser",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="operator",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"db_table": "pages_operator_user"},
        ),
        migrations.CreateModel(
            name="SignInThrottle",
            fields=[
                ("key", models.CharField(max_length=80, primary_key=True, serialize=False)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("until", models.DateTimeField()),
            ],
            options={"db_table": "pages_sign_in_throttle"},
        ),
    ]
