"""Logins: who may sign in to the pages, made and changed from an operator's command.

They are rows of the pages' own tables, written by Django as the role that owns them. One name is one person's: a name that
is taken is refused, because a new password would lock its owner out.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import Connection

from florin.queries.directory import login_of
from florin.store import Store, StoreRefusal, django_database

_LOGON = re.compile(r"[^\x00-\x20\x7f-\xa0\u2028\u2029]{1,64}")


class LogonUnusable(StoreRefusal):
    def __init__(self, *, logon: str) -> None:
        super().__init__(
            f"{logon[:80]!r} is no name to sign in with.", "Choose 1 to 64 letters, without blanks or line breaks."
        )


class LogonTaken(StoreRefusal):
    def __init__(self, *, logon: str, by: str, remedy: str) -> None:
        super().__init__(f"Somebody signs in as {logon} already: {by}.", remedy)


class NoLogin(StoreRefusal):
    def __init__(self, *, logon: str) -> None:
        super().__init__(
            f"{logon} has joined and cannot sign in: there is no login.",
            f"Run `florin shopper add {logon}` to make one; it asks for a password and a PIN.",
        )


def refuse_logon(
    connection: Connection[Any], logon: str, *, merchant_id: int | None = None, operator: bool = False
) -> None:
    """Raises LogonUnusable, LogonTaken. merchant_id: whose own login it may be; operator: or an operator's."""
    if not _LOGON.fullmatch(logon):
        raise LogonUnusable(logon=logon)
    login = login_of(connection, logon)
    if login is None or (merchant_id is not None and login.merchant_id == merchant_id):
        return
    if operator and login.is_operator:
        return
    if login.person_id is not None:
        remedy = f"`florin shopper pin {logon}` and `florin shopper password {logon}` change her secrets."
        raise LogonTaken(logon=logon, by=f"the shopper {login.person_id}", remedy=remedy)
    nobody = "an operator" if login.is_operator else "a user of the pages"
    by = f"merchant {login.merchant_id}" if login.merchant_id is not None else nobody
    raise LogonTaken(logon=logon, by=by, remedy="Choose another name.")


def make_shopper_login(store: Store, *, logon: str, password: str, pin: str, person_id: int) -> None:
    with _django(store):
        from florin.pages.people import make_shopper

        make_shopper(logon=logon, password=password, pin=pin, person_id=person_id)


def make_merchant_login(store: Store, *, logon: str, password: str, merchant_id: int) -> None:
    """A login for a merchant's pages; made again, it gets the new password."""
    with _django(store):
        from florin.pages.people import make_merchant_user

        make_merchant_user(logon=logon, password=password, merchant_id=merchant_id)


def make_operator_login(store: Store, *, logon: str, password: str) -> None:
    """A login to the console; made again, it gets the new password."""
    with _django(store):
        from florin.pages.people import make_operator

        make_operator(logon=logon, password=password)


def end_operator_login(store: Store, *, logon: str) -> bool:
    """Nobody signs in by this name any more, and his sessions end; False when no operator did."""
    with _django(store):
        from django.contrib.auth.models import User

        deleted, _ = User.objects.filter(username=logon, operator__isnull=False).delete()
        return bool(deleted)


def set_pin(store: Store, *, logon: str, person_id: int, pin: str) -> None:
    """A new PIN, and the lock that wrong ones left is gone. Raises NoLogin."""
    with _django(store):
        from django.contrib.auth.hashers import make_password

        from florin.pages.models import Shopper

        unlocked = {"pin_failures": 0, "pin_locked_until": None}
        if not Shopper.objects.filter(person_id=person_id).update(pin_hash=make_password(pin), **unlocked):
            raise NoLogin(logon=logon)


def set_password(store: Store, *, logon: str, person_id: int, password: str) -> None:
    """A new password; sessions under the old one end. Raises NoLogin."""
    with _django(store):
        from florin.pages.models import Shopper

        shopper = Shopper.objects.select_related("user").filter(person_id=person_id).first()
        if shopper is None:
            raise NoLogin(logon=logon)
        shopper.user.set_password(password)
        shopper.user.save(update_fields=["password"])


@contextmanager
def _django(store: Store) -> Iterator[None]:
    """Django, leading to this store as the pages' role, and away from it again."""
    os.environ["FLORIN_PAGES_URL"] = store.addresses.pages
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "florin.pages.settings")
    import django
    from django.apps import apps

    if not apps.ready:
        django.setup()
    from django.db import connections

    before = connections.databases["default"]  # of a process that set Django up for itself
    _forget(connections)
    connections.databases["default"] = connections.configure_settings(
        {"default": django_database(store.addresses.pages)}
    )["default"]
    try:
        yield
    finally:
        _forget(connections)
        connections.databases["default"] = before


def _forget(connections: Any) -> None:
    connection = connections["default"]
    connection.close()
    if getattr(connection, "pool", None):
        connection.close_pool()
    del connections["default"]
