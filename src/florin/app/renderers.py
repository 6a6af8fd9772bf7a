"""How each wire words what the outbox delivers, the keys that sign it, and where what is asked can be paid."""

from __future__ import annotations

from collections.abc import Mapping

from florin.app.settings import Settings
from florin.engine.outbox import Renderer
from florin.queries import ReadPool
from florin.wires import rest
from florin.wires.alipay.apps import Apps
from florin.wires.alipay.renderer import AlipayRenderer
from florin.wires.keys import CashierAddresses, SigningKeys, load_master_key
from florin.wires.rest import RestRenderer
from florin.wires.wechatpay.clients import Clients
from florin.wires.wechatpay.renderer import WechatPayRenderer


def make_renderers(reads: ReadPool, settings: Settings) -> Mapping[str, Renderer]:
    """By wire. reads: of the engine's role, for the keys that sign."""
    return {
        "alipay": AlipayRenderer(make_apps(reads)),
        "rest": RestRenderer(rest_settings(settings)),
        "wechatpay": WechatPayRenderer(make_clients(reads), reads),
    }


def rest_settings(settings: Settings) -> rest.Settings:
    addresses = cashier_addresses(settings)
    return rest.Settings(checkout_url=addresses.page, counter_url=addresses.counter, lender=settings.lender)


def cashier_addresses(settings: Settings) -> CashierAddresses:
    """The cashier's addresses, the same in every process that has the master key's file."""
    return CashierAddresses(settings.public_url, load_master_key())


def make_apps(reads: ReadPool) -> Apps:
    """The apps of the Alipay wire, with the keys that we sign with for them."""
    return Apps(reads, SigningKeys(reads.connection, load_master_key()))


def make_clients(reads: ReadPool) -> Clients:
    """The merchants of the WeChat wire, with the keys that we sign with for them."""
    return Clients(reads, SigningKeys(reads.connection, load_master_key()))
