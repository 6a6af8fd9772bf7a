"""The town in an instance: five merchants with their apps and keys, four shoppers with their lines, and Wang's late bill.

Made before the instance serves, so that whoever resets it finds the street again. Everything is done by the doors that an
operator has; the one thing with a history, Wang's bill that nobody paid, is bought and closed day by day.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric import rsa
from psycopg import Connection

from florin.app.onboard import do, join_shopper
from florin.app.wechatpay import settings_of
from florin.app.worker import Housekeeping
from florin.bank import SimulatedBank
from florin.credit.open import OpenLine
from florin.engine import ClaimKind, Engine, claim, clock, lane_for, lane_of
from florin.engine.admin import add_app, add_merchant, assign_fees, place_merchant, set_aes_key
from florin.engine.ids import IdBlocks
from florin.market.change import AddEcosystem
from florin.market.load import load_ecosystem
from florin.payments.ask import Ask
from florin.payments.pay import Pay
from florin.payments.trade import Flow, TradeDetail
from florin.presets import ecosystem_names
from florin.sandbox.provision import PASSWORD, PIN, Provisioned
from florin.store.roles import Addresses
from florin.town.doors import DOORS, TMALL, Door
from florin.town.people import RESIDENTS, WANG
from florin.wires.keys import create_api_key, load_master_key
from florin.wires.keys.forms import new_private_key, public_key_base64
from florin.wires.wechatpay.sealing import new_apiv3_key

# Wang buys on the last day of March; his bill of 1 April is due on the 10th, so on the 12th it is late.
BEGINS_ON = date(2026, 3, 31)
_DAYS_OF_HISTORY = 12
_LAMP_MINOR = 380_00


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopKeys:
    """What a shop was given to prove who it is, by its wire: on REST an API key and a secret, else a key pair of its own.

    platform_key: ours for Alipay's wire, base64. wechat: what a shop on WeChat's wire sets, by the names of the sandbox's file.
    """

    merchant_id: int
    key: rsa.RSAPrivateKey = field(default_factory=new_private_key)
    platform_key: str = ""
    api_key: str = ""
    webhook_secret: bytes = b""
    wechat: Mapping[str, str] = field(default_factory=dict)


class Town:
    """street_url: where the street will be served, so that its shops can be told. Empty until `furnish` has run."""

    def __init__(self, street_url: str) -> None:
        self.street_url = street_url
        self.shops: dict[str, ShopKeys] = {}
        self.people: dict[str, int] = {}

    def furnish(self, addresses: Addresses, provisioned: Provisioned) -> None:
        """Fill the database of an instance."""
        with (
            psycopg.connect(addresses.engine, autocommit=True) as connection,
            psycopg.connect(addresses.engine, autocommit=True) as for_ids,
            Engine(addresses.engine, name="town") as engine,
        ):
            ids = IdBlocks(for_ids)
            for name in ecosystem_names():
                do(engine, AddEcosystem(ecosystem=load_ecosystem(name)))
            # The shop that the instance brought along, whose keys anybody may use, is a brand's too.
            place_merchant(connection, provisioned.merchant_id, market=TMALL.market, category=TMALL.category)
            for door in DOORS.values():
                self.shops[door.market] = self._open_shop(connection, ids, door, provisioned)
            self._move_in(engine, connection)
            self._let_wang_be_late(engine, connection, addresses)
        self._make_logins()

    def _open_shop(self, connection: Connection[Any], ids: IdBlocks, door: Door, provisioned: Provisioned) -> ShopKeys:
        merchant_id = add_merchant(
            connection,
            ids,
            name=door.shop,
            name_zh=door.shop_zh,
            market=door.market,
            category=door.category,
            mdr_ppm=0,  # by the plan
        )
        assign_fees(connection, merchant_id=merchant_id, plan=door.fees, from_on=BEGINS_ON)
        keys = ShopKeys(merchant_id=merchant_id, platform_key=provisioned.alipay_public_key)
        public_key = public_key_base64(keys.key.public_key())
        is_rest = door.wire == "rest"
        secret = secrets.token_bytes(32) if is_rest else None
        add_app(
            connection,
            app_id=door.app_id,
            merchant_id=merchant_id,
            name=door.shop,
            wire=door.wire,
            market=door.flow,
            public_keys=() if is_rest else (public_key,),
            notify_url=f"{self.street_url}/told/{door.market}" if is_rest else "",
            webhook_secret=secret,
            allow_loopback=True,
        )
        if secret is not None:
            return replace(keys, api_key=create_api_key(connection, "merchant", door.app_id), webhook_secret=secret)
        return replace(keys, wechat=_wechat(connection, door, public_key)) if door.wire == "wechatpay" else keys

    def _move_in(self, engine: Engine, connection: Connection[Any]) -> None:
        bank, on = SimulatedBank(connection), clock.read(connection).on
        for resident in RESIDENTS.values():
            joined = join_shopper(
                engine, bank, logon=resident.logon, name=resident.name, on=on, wallet_minor=resident.wallet_minor
            )
            self.people[resident.logon] = joined.person_id
            for program, limit_minor in resident.lines.items():
                line_id = engine.new_id(lane_of(joined.person_id))
                do(
                    engine,
                    OpenLine(person_id=joined.person_id, line_id=line_id, program=program, limit_minor=limit_minor),
                )

    def _let_wang_be_late(self, engine: Engine, connection: Connection[Any], addresses: Addresses) -> None:
        person_id, merchant_id = self.people[WANG.logon], self.shops[TMALL.market].merchant_id
        row = connection.execute("SELECT id FROM line WHERE person_id = %(id)s", {"id": person_id}).fetchone()
        assert row is not None, "Wang has a line"
        number = "LAMP-1"
        trade_id = engine.new_id(lane_for(f"{TMALL.app_id}/{number}"))
        ask = Ask(
            trade_id=trade_id,
            app_id=TMALL.app_id,
            merchant_id=merchant_id,
            out_trade_no=number,
            amount_minor=_LAMP_MINOR,
            subject="台灯 Desk lamp",
            flow=Flow.DIRECT,
            detail=TradeDetail(),
        )
        do(engine, ask, claim(ClaimKind.ORDER, TMALL.app_id, number))
        pay = Pay(
            payment_id=engine.new_id(lane_of(person_id)),
            trade_id=trade_id,
            person_id=person_id,
            line_id=row[0],
            credit_minor=_LAMP_MINOR,
        )
        do(engine, pay)
        clock.shift(connection, round(timedelta(days=_DAYS_OF_HISTORY).total_seconds()))
        housekeeping = Housekeeping(engine, addresses.engine)
        housekeeping.round()
        housekeeping.stop()

    def _make_logins(self) -> None:
        """Who may sign in: each shopper, each shop by the name of its market, and the operator of the house."""
        from florin.pages.people import make_merchant_user, make_operator, make_shopper  # after Django is set up

        for logon, person_id in self.people.items():
            make_shopper(logon=logon, password=PASSWORD, pin=PIN, person_id=person_id)
        for market, keys in self.shops.items():
            make_merchant_user(logon=market, password=PASSWORD, merchant_id=keys.merchant_id)
        make_operator(logon="operator", password=PASSWORD)


def _wechat(connection: Connection[Any], door: Door, public_key: str) -> dict[str, str]:
    """What the chat's shop sets; its APIv3 key is made here. Where the wires are it is told when it opens."""
    apiv3_key = new_apiv3_key()
    set_aes_key(connection, door.app_id, apiv3_key.encode())
    return settings_of(
        connection,
        door.app_id,
        public_key=public_key,
        apiv3_key=apiv3_key,
        api_url="",
        master=load_master_key(),
    )
