"""The Django app that carries the money schema's migrations; it has no models of its own."""

from django.apps import AppConfig


class SchemaConfig(AppConfig):
    name = "florin.schema"
    label = "schema"
    default_auto_field = "django.db.models.BigAutoField"
