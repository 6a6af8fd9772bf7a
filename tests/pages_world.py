"""A world whose people sign in: shops with names to read, orders with subjects, logins with PINs, and Django joined to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

from conftest import FreshDatabase
from florin.engine import ClaimKind, Engine, claim, lane_for
from florin.pages.hasher import Argon2
from florin.payments.ask import Ask
from florin.payments.trade import Flow, TradeDetail
from florin.store import django_database
from florin.wires.keys import CashierAddresses, MasterKey
from world import DIRECT_APP, ESCROW_APP, SHOP, START, World

PASSWORD = "correct horse"
PIN = "246810"
WRONG_PIN = "111111"
CASHIER = CashierAddresses("", MasterKey(b"k" * 32, Path("master.key")))


def to_pay(trade_id: int) -> str:
    """The path of the trade's page at the cashier, as the shop was given it."""
    return CASHIER.page(trade_id)


def to_scan(trade_id: int) -> str:
    """The path that its QR code says."""
    return CASHIER.code(trade_id)


class PagesWorld(World):
    """alice: line ¥10,000, wallet ¥500. bob: no line, wallet ¥0. The tea house sells both ways."""

    def __enter__(self) -> PagesWorld:
        super().__enter__()
        self.connection.execute(
            "UPDATE merchant SET name = 'Longjing Tea House', name_zh = '龙井茶馆' WHERE id = %s", (SHOP,)
        )
        self.connection.execute("UPDATE app SET name = 'Tea House web shop' WHERE id = %s", (DIRECT_APP,))
        self.connection.execute("UPDATE clock SET reference_version = reference_version + 1")
        self.connection.commit()
        self.person("Alice", wallet_minor=50_000, limit_minor=1_000_000)
        self.person("Bob")
        return self

    def make_logins(self) -> None:
        """Needs Django joined to the database."""
        from florin.pages.people import make_merchant_user, make_operator, make_shopper

        for name in ("Alice", "Bob"):
            make_shopper(logon=name.lower(), password=PASSWORD, pin=PIN, person_id=self.people[name])
        make_merchant_user(logon="teahouse", password=PASSWORD, merchant_id=SHOP)
        make_operator(logon="owner", password=PASSWORD)

    def order(
        self,
        subject: str,
        amount_minor: int,
        *,
        app: int = DIRECT_APP,
        number: str = "",
        expires_at: datetime | None = None,
        installments: int = 0,
        **detail: Any,
    ) -> int:
        """A trade that waits to be paid; its id."""
        number = number or self.next_number("TEA-2026-")
        command = Ask(
            trade_id=self.engine.new_id(lane_for(f"{app}/{number}")),
            app_id=app,
            merchant_id=SHOP,
            out_trade_no=number,
            amount_minor=amount_minor,
            subject=subject,
            flow=Flow.ESCROW if app == ESCROW_APP else Flow.DIRECT,
            installments=installments,
            expires_at=expires_at,
            detail=TradeDetail(**detail),
        )
        outcome = self.do(command, claim(ClaimKind.ORDER, app, number))
        assert outcome.event is not None, outcome.refusal
        return command.trade_id

    def payment_id(self, trade_id: int) -> int:
        """The payment that a trade names; 0 when it is not paid."""
        return int(self.one("SELECT payment_id FROM trade WHERE id = %s", trade_id))


class QuickArgon2(Argon2):
    """The pages' own hasher with the least work that it knows: people of a test have no secrets."""

    time_cost = 1
    memory_cost = 8


@contextmanager
def pages_joined(database: FreshDatabase, engine: Engine) -> Iterator[None]:
    """Django's connection leads to this database, as the role florin_pages; its views use this engine and these addresses,
    and hash quickly.
    """
    from django.db import connections
    from django.test import override_settings

    from florin.pages.engine import use_engine
    from florin.pages.hooks import tell_addresses_by, tell_counters_by

    before = connections.databases["default"]
    _forget_connection(connections)
    connections.databases["default"] = connections.configure_settings(
        {"default": django_database(database.pages, pool={"min_size": 0, "max_size": 8, "timeout": 10})}
    )["default"]
    use_engine(engine)
    tell_addresses_by(CASHIER.fits)
    tell_counters_by(fits=CASHIER.fits_counter, page_of=CASHIER.page, counter_of=CASHIER.counter)
    try:
        with override_settings(PASSWORD_HASHERS=["pages_world.QuickArgon2"]):
            yield
    finally:
        use_engine(None)
        _forget_connection(connections)
        connections.databases["default"] = before


def _forget_connection(connections: Any) -> None:
    connection = connections["default"]
    connection.close()
    connection.close_pool()
    del connections["default"]


__all__ = [
    "DIRECT_APP",
    "ESCROW_APP",
    "PASSWORD",
    "PIN",
    "SHOP",
    "START",
    "WRONG_PIN",
    "PagesWorld",
    "date",
    "pages_joined",
    "to_pay",
    "to_scan",
]
