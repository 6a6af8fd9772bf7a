"""What a shop on the WeChat wire is told to set: its numbers, its APIv3 key, and how it checks our answers."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from florin.queries.directory import app_by_id
from florin.wires.keys import MasterKey, PlatformKey, ensure_platform_key, live_platform_keys
from florin.wires.keys.forms import read_public_key
from florin.wires.wechatpay.clients import WIRE as WIRE
from florin.wires.wechatpay.names import appid_of, public_key_id_of, serial_no_of


def settings_of(
    connection: Connection[Any], app_id: int, *, public_key: str, apiv3_key: str, api_url: str, master: MasterKey
) -> dict[str, str]:
    """By the names of the sandbox's file, but for the private key. public_key: the shop's, empty while it has none.

    The keys that we sign with are made where they are missing: this app's own, and the authority of their certificates.
    """
    ensure_platform_key(connection, WIRE, master=master)
    platform_key = ensure_platform_key(connection, WIRE, app_id, master=master)
    return {
        "WECHAT_URL": api_url,
        "WECHAT_MCHID": str(app_id),
        "WECHAT_APPID": appid_of(app_id),
        **({"WECHAT_SERIAL_NO": serial_no(public_key)} if public_key else {}),
        "WECHAT_APIV3_KEY": apiv3_key,
        "WECHAT_PUBLIC_KEY_ID": public_key_id_of(platform_key.id),
        "WECHAT_PUBLIC_KEY": platform_key.public_key,
    }


def told(connection: Connection[Any], app_id: int) -> tuple[str, tuple[tuple[str, str], ...]]:
    """(our public key, what else a shop sets): no secret is in it. Empty while the app has no platform key."""
    live = live_platform_keys(connection, WIRE, app_id)
    row = app_by_id(connection, app_id)
    if not live or row is None:
        return "", ()
    ours = names_of(live[0])
    serials = [("serial_no", serial_no(key)) for key in row.public_keys]
    return live[0].public_key, (
        ("appid", appid_of(app_id)),
        *serials,
        ("Wechatpay-Serial", ours["serial_no"]),
        ("Wechatpay-Serial", ours["public_key_id"]),
    )


def serial_no(public_key: str) -> str:
    """The serial number by which a shop names this key of its own."""
    return serial_no_of(read_public_key(public_key))


def names_of(key: PlatformKey) -> dict[str, str]:
    """By what names clients know a platform key: in certificate mode, and in public-key mode."""
    return {
        "serial_no": serial_no_of(read_public_key(key.public_key)),
        "public_key_id": public_key_id_of(key.id),
    }
