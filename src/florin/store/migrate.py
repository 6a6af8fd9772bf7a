"""Bring a database to the schema of this version.

The money schema is plain SQL, and Django's migrations decide which of it still has to run, together with Django's own
tables. Only the owner's address comes here: a process that serves never migrates.
"""

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import psycopg

from florin.store.locator import django_database

_ALIAS = "florin_owner"
_SETTINGS = "florin.pages.settings"
# Any number, as long as it is always the same one: two migrations at once take turns.
_TURN = 0x666C6F72


def migrate(owner_dsn: str, *, say: TextIO | None = None) -> None:
    """Run what is pending, then see that accounts, postings and grants are what the code says; twice changes nothing.

    say: where Django's progress lines go; without it none are written.
    """
    from django.core.management import call_command

    from florin.schema.sync import sync

    with _django_as_owner(owner_dsn), _one_at_a_time(owner_dsn):
        options = {"verbosity": 1, "stdout": say} if say else {"verbosity": 0}
        call_command("migrate", database=_ALIAS, interactive=False, **options)
        with psycopg.connect(owner_dsn) as owner:
            sync(owner)


def pending_migrations(owner_dsn: str) -> list[str]:
    """The names of migrations that this version has and the database has not, in the order they would run."""
    with _django_as_owner(owner_dsn):
        from django.db import connections
        from django.db.migrations.executor import MigrationExecutor

        executor = MigrationExecutor(connections[_ALIAS])
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def migrations_from_later(owner_dsn: str) -> list[str]:
    """The names of migrations that the database has and this version does not know: it was served by a later one."""
    with _django_as_owner(owner_dsn):
        from django.db import connections
        from django.db.migrations.loader import MigrationLoader

        loader = MigrationLoader(connections[_ALIAS])
        known = set(loader.graph.nodes) | set(loader.replacements)
        ours = set(loader.migrated_apps)
        return sorted(
            f"{app}.{name}" for app, name in loader.applied_migrations if app in ours and (app, name) not in known
        )


@contextmanager
def _django_as_owner(owner_dsn: str) -> Iterator[None]:
    """Django, set up, with the owner's address under an alias of its own; the pages' connection is left alone."""
    _set_up_django(owner_dsn)
    from django.db import connections

    connections.databases[_ALIAS] = connections.configure_settings({"default": django_database(owner_dsn)})["default"]
    if hasattr(connections._connections, _ALIAS):  # of an earlier address
        del connections[_ALIAS]
    try:
        yield
    finally:
        connections[_ALIAS].close()
        del connections[_ALIAS]
        del connections.databases[_ALIAS]


def _set_up_django(owner_dsn: str) -> None:
    import django
    from django.apps import apps
    from django.conf import settings

    if apps.ready:
        return
    if not settings.configured:
        if _exists(_SETTINGS) or os.environ.get("DJANGO_SETTINGS_MODULE"):
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", _SETTINGS)
        else:
            settings.configure(
                INSTALLED_APPS=["florin.schema"], DATABASES={"default": django_database(owner_dsn)}, USE_TZ=True
            )
    django.setup()


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


@contextmanager
def _one_at_a_time(owner_dsn: str) -> Iterator[None]:
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%(turn)s)", {"turn": _TURN})
        yield
