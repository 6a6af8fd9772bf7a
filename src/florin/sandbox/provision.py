"""What a new sandbox holds: a merchant with his apps and keys, shoppers with wallet and line, and how each signs in."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Literal

import psycopg
from cryptography.hazmat.primitives.asymmetric import rsa
from psycopg import Connection

from florin.app.certificates import Certificates, certificates_of, new_aes_key
from florin.app.onboard import Joined, join_shopper
from florin.app.wechatpay import settings_of
from florin.bank import SimulatedBank
from florin.engine import Engine, clock
from florin.engine.admin import add_app, add_merchant, set_aes_key
from florin.engine.ids import IdBlocks
from florin.sandbox.faults import SandboxFaults
from florin.store.roles import Addresses
from florin.wires.keys import create_api_key, ensure_platform_key, load_master_key
from florin.wires.keys.forms import new_private_key, public_key_base64
from florin.wires.wechatpay.sealing import new_apiv3_key

START_ON = date(2026, 3, 2)
# Business time starts in the morning, so that midnight is far from whoever begins to test.
MORNING = time(9, 0)
# Everybody's, and printed: what they protect is gone with the process.
PASSWORD, PIN = "sandbox", "246810"
REST_APP_ID = 2021_0001_0000_9001
WECHAT_APP_ID = 1900_0001_01

Market = Literal["direct", "escrow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopperWanted:
    """A shopper to make."""

    logon: str
    name: str
    wallet_minor: int
    limit_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AppWanted:
    """An Alipay app to make, with keys of its own. aes_key: for encrypted content."""

    app_id: int
    name: str
    market: Market
    key: rsa.RSAPrivateKey = field(default_factory=new_private_key)
    aes_key: bytes = field(default_factory=new_aes_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class WechatWanted:
    """The merchant's number on the WeChat wire, with keys of its own. apiv3_key: for sealed content."""

    app_id: int = WECHAT_APP_ID
    key: rsa.RSAPrivateKey = field(default_factory=new_private_key)
    apiv3_key: str = field(default_factory=new_apiv3_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """All of it. mdr_ppm: the merchant's fee, parts per million of each sale.

    negative_limit_minor: how far below zero refunds of sales that were paid out already may take the merchant.
    """

    merchant: str
    merchant_zh: str
    apps: Sequence[AppWanted]
    shoppers: Sequence[ShopperWanted]
    mdr_ppm: int = 6_000
    negative_limit_minor: int = 10_000_00
    start_on: date = START_ON
    rest_market: Market = "direct"
    wechat: WechatWanted = field(default_factory=WechatWanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioned:
    """What was made. shoppers: by logon. alipay_public_key: ours, base64 SPKI. certificates: by app.

    webhook_secret: of the REST app. wechat: what a shop on that wire sets, by name, but for its private key.
    """

    merchant_id: int
    shoppers: dict[str, Joined]
    alipay_public_key: str
    certificates: dict[int, Certificates]
    api_key: str
    owner_key: str
    webhook_secret: bytes
    wechat: dict[str, str]


def provision(addresses: Addresses, wanted: Wanted, *, api_url: str) -> Provisioned:
    """Fill a migrated, empty database. api_url: where the wires will be."""
    with psycopg.connect(addresses.owner, autocommit=True) as owner:
        SandboxFaults.make_table(owner)
    with (
        psycopg.connect(addresses.engine, autocommit=True) as connection,
        psycopg.connect(addresses.engine, autocommit=True) as for_ids,
        Engine(addresses.engine, name="provision") as engine,
    ):
        _start_in_the_morning(connection, wanted.start_on)
        merchant_id = add_merchant(
            connection,
            IdBlocks(for_ids),
            name=wanted.merchant,
            name_zh=wanted.merchant_zh,
            mdr_ppm=wanted.mdr_ppm,
            negative_limit_minor=wanted.negative_limit_minor,
        )
        for app in wanted.apps:
            add_app(
                connection,
                app_id=app.app_id,
                merchant_id=merchant_id,
                name=app.name,
                wire="alipay",
                market=app.market,
                public_keys=(public_key_base64(app.key.public_key()),),
                allow_loopback=True,
            )
            set_aes_key(connection, app.app_id, app.aes_key)
        webhook_secret = secrets.token_bytes(32)
        add_app(
            connection,
            app_id=REST_APP_ID,
            merchant_id=merchant_id,
            name="REST",
            wire="rest",
            market=wanted.rest_market,
            webhook_secret=webhook_secret,
            allow_loopback=True,
        )
        wechat_public_key = public_key_base64(wanted.wechat.key.public_key())
        add_app(
            connection,
            app_id=wanted.wechat.app_id,
            merchant_id=merchant_id,
            name="WeChat Pay",
            wire="wechatpay",
            market=wanted.rest_market,
            public_keys=(wechat_public_key,),
            allow_loopback=True,
        )
        set_aes_key(connection, wanted.wechat.app_id, wanted.wechat.apiv3_key.encode())
        platform_key = ensure_platform_key(connection, "alipay")
        certificates = {
            app.app_id: certificates_of(
                connection,
                app_id=app.app_id,
                merchant=wanted.merchant,
                public_key=public_key_base64(app.key.public_key()),
                master=load_master_key(),
            )
            for app in wanted.apps
        }
        bank = SimulatedBank(connection)
        shoppers = {
            each.logon: join_shopper(
                engine,
                bank,
                logon=each.logon,
                name=each.name,
                on=wanted.start_on,
                wallet_minor=each.wallet_minor,
                limit_minor=each.limit_minor,
            )
            for each in wanted.shoppers
        }
        _make_logins(shoppers, merchant_id)
        return Provisioned(
            merchant_id=merchant_id,
            shoppers=shoppers,
            alipay_public_key=platform_key.public_key,
            certificates=certificates,
            api_key=create_api_key(connection, "merchant", REST_APP_ID),
            owner_key=create_api_key(connection, "owner"),
            webhook_secret=webhook_secret,
            wechat=settings_of(
                connection,
                wanted.wechat.app_id,
                public_key=wechat_public_key,
                apiv3_key=wanted.wechat.apiv3_key,
                api_url=api_url,
                master=load_master_key(),
            ),
        )


def morning_of(on: date) -> datetime:
    """The business instant at which a sandbox day is begun."""
    return datetime.combine(on, MORNING, tzinfo=clock.ZONE)


def _start_in_the_morning(connection: Connection[Any], on: date) -> None:
    """Start the clock, and before anything happened set its hour, which is otherwise the wall's."""
    at = clock.start(connection, on)
    seconds = round((morning_of(on) - at.instant).total_seconds())
    connection.execute("UPDATE clock SET offset_s = offset_s + %(seconds)s", {"seconds": seconds})


def _make_logins(shoppers: dict[str, Joined], merchant_id: int) -> None:
    """Who may sign in to the pages: each shopper by her logon, `merchant`, and `operator` to the console."""
    from florin.pages.people import make_merchant_user, make_operator, make_shopper  # after Django is set up

    for logon, joined in shoppers.items():
        make_shopper(logon=logon, password=PASSWORD, pin=PIN, person_id=joined.person_id)
    make_merchant_user(logon="merchant", password=PASSWORD, merchant_id=merchant_id)
    make_operator(logon="operator", password=PASSWORD)
