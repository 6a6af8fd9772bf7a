"""The Django app of the pages; its tables all begin with `pages_`, and the grants say so."""

from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "florin.pages"
    label = "pages"
    default_auto_field = "django.db.models.BigAutoField"
