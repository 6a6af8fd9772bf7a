"""An app on the WeChat wire, by the command line: what its shop is told to set is what the wire then takes."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from app.operator import Operator
from conftest import FreshDatabase
from florin.app.public_keys import public_key_of
from florin.app.wechatpay import serial_no, told
from florin.engine.clock import start
from florin.wires.keys import live_platform_keys
from florin.wires.keys.forms import public_key_pem
from florin.wires.wechatpay.names import appid_of, public_key_id_of


@pytest.fixture
def operator(fresh_database: FreshDatabase, tmp_path: Path) -> Operator:
    with psycopg.connect(fresh_database.engine, autocommit=True) as connection:
        start(connection)
    made = Operator(fresh_database, tmp_path)
    made("merchant", "add", "Tea House", "--mdr", "0.6%")
    return made


def test_an_app_is_made_rotated_and_called_for(operator: Operator, fresh_database: FreshDatabase, tmp_path: Path):
    add = ("app", "add", "Tea House", "--wire", "wechatpay", "--market", "direct")
    made = operator.json(*add, "--make-key", tmp_path / "shop.pem")
    app_id, settings = int(made["id"]), made["settings"]
    with psycopg.connect(fresh_database.engine) as connection:
        (ours,) = live_platform_keys(connection, "wechatpay", app_id)
        stored = connection.execute("SELECT aes_key FROM app WHERE id = %s", (app_id,)).fetchone()
    text = (tmp_path / "shop.pem").read_text()
    private = load_pem_private_key(text.encode(), password=None)

    assert "BEGIN PRIVATE KEY" in text  # PKCS#8, which wechatpayv3 takes
    assert settings == {
        "WECHAT_URL": "http://127.0.0.1:8001",
        "WECHAT_MCHID": str(app_id),
        "WECHAT_APPID": appid_of(app_id),
        "WECHAT_SERIAL_NO": serial_no(public_key_of(public_key_pem(private.public_key()))),  # type: ignore[arg-type]
        "WECHAT_APIV3_KEY": settings["WECHAT_APIV3_KEY"],
        "WECHAT_PUBLIC_KEY_ID": public_key_id_of(ours.id),
        "WECHAT_PUBLIC_KEY": ours.public_key,
    }
    assert stored == (settings["WECHAT_APIV3_KEY"].encode(),)

    second = operator.json("app", "key", app_id, "--make-key", tmp_path / "next.pem")
    another = operator.json("app", "apiv3-key", app_id)["apiv3_key"]
    rotated = operator.json("keys", "rotate", "wechatpay", "--app", app_id)
    provider = operator.json(*add)["id"]
    operator("app", "provider", app_id, "--by", provider)
    operator("app", "public-key-mode", app_id)

    with psycopg.connect(fresh_database.engine) as connection:
        public_key, names = told(connection, app_id)
    assert public_key == rotated["public_key"]
    assert names == (
        ("appid", appid_of(app_id)),
        ("serial_no", second["serial_no"]),
        ("serial_no", settings["WECHAT_SERIAL_NO"]),
        ("Wechatpay-Serial", rotated["serial_no"]),
        ("Wechatpay-Serial", rotated["public_key_id"]),
    )
    assert second["serial_no"] != settings["WECHAT_SERIAL_NO"]
    assert (len(second["public_keys"]), len(another)) == (2, 32)
    assert rotated["public_key_id"] != settings["WECHAT_PUBLIC_KEY_ID"]
    with psycopg.connect(fresh_database.engine) as connection:
        row = connection.execute(
            "SELECT aes_key, provider_id, public_key_mode FROM app WHERE id = %s", (app_id,)
        ).fetchone()
    assert row == (another.encode(), int(provider), True)
    assert type(operator.refused("app", "aes-key", app_id)).__name__ == "NotOnThisWire"
