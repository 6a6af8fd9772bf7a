"""A house with the WeChat wire's door open: a world, merchants with their keys, and a client that signs like an SDK.

`shop.post("/v3/pay/transactions/native", …)` sends a signed request straight to the gateway, checks the answer as
an SDK would, and gives status and document. It is written from the protocol's rules alone.
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509 import load_pem_x509_certificate

from florin.engine import admin, clock, lane_of
from florin.engine.outbox import deliver_due
from florin.queries import ReadPool
from florin.wires.desk.failures import SignatureFailures
from florin.wires.keys import CashierAddresses, MasterKey, SigningKeys, ensure_platform_key, load_master_key
from florin.wires.keys.forms import public_key_base64
from florin.wires.wechatpay.call import HttpRequest
from florin.wires.wechatpay.clients import Clients
from florin.wires.wechatpay.desk import Settings
from florin.wires.wechatpay.gateway import Gateway, HttpAnswer
from florin.wires.wechatpay.names import appid_of, openid_of, serial_no_of
from florin.wires.wechatpay.phone import Phone
from florin.wires.wechatpay.renderer import WechatPayRenderer
from world import SHOP, World

ESCROW_SHOP, DIRECT_SHOP, PROVIDER, STRANGER = 1900000001, 1900000002, 1900000003, 1900000004
APIV3_KEY = "0123456789abcdefghijklmnopqrstuv"
CASHIER = CashierAddresses("http://pages.test", MasterKey(b"k" * 32, Path("master.key")))


class AskedFaults:
    """Faults that a test asks for, each used up once."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def take(self, fault: str) -> bool:
        if fault not in self.asked:
            return False
        self.asked.remove(fault)
        return True


@dataclass
class House:
    """world: people, lines, clock. key: every merchant signs with it."""

    world: World
    key: rsa.RSAPrivateKey
    folder: Path
    faults: AskedFaults = field(default_factory=AskedFaults)

    def __post_init__(self) -> None:
        connection = self.world.connection
        public = public_key_base64(self.key.public_key())
        self.master = load_master_key(self.folder / "master.key")
        ensure_platform_key(connection, "wechatpay", master=self.master)
        markets = {ESCROW_SHOP: "escrow", DIRECT_SHOP: "direct", PROVIDER: "direct", STRANGER: "direct"}
        for app_id, market in markets.items():
            admin.add_app(
                connection,
                app_id=app_id,
                merchant_id=SHOP,
                name=f"{market} {app_id}",
                wire="wechatpay",
                market=market,  # type: ignore[arg-type]
                public_keys=(public,),
                allow_loopback=True,
            )
            admin.set_aes_key(connection, app_id, APIV3_KEY.encode())
            ensure_platform_key(connection, "wechatpay", app_id, master=self.master)
        admin.set_app_provider(connection, DIRECT_SHOP, PROVIDER)
        connection.commit()
        self.reads = ReadPool(self.world.dsn)
        self.clients = self.new_clients()
        self.gateway = self.new_gateway()
        self.phone = Phone(reads=self.reads, clients=self.clients, cashier=CASHIER)

    def new_clients(self) -> Clients:
        """As another process would: it knows nothing yet."""
        return Clients(self.reads, SigningKeys(self.reads.connection, self.master))

    def new_gateway(self, settings: Settings | None = None, **options: Any) -> Gateway:
        return Gateway(
            engine=self.world.engine,
            reads=self.reads,
            clients=self.clients,
            failures=SignatureFailures(self.world.dsn),
            settings=settings or Settings(cashier=CASHIER),
            faults=self.faults,
            **options,
        )

    def close(self) -> None:
        self.reads.close()

    def another_merchant(self, app_id: int, *, merchant_id: int, name: str, notify_url: str = "") -> None:
        """A merchant beside the shop, in the direct market, with a number of his own; he signs with the same key."""
        connection, lane = self.world.connection, lane_of(merchant_id)
        connection.execute(
            "INSERT INTO merchant (id, lane, name, mdr_ppm, mdr_refunded, negative_limit_minor)"
            " VALUES (%s, %s, %s, 6000, false, 0)",
            (merchant_id, lane, name),
        )
        connection.execute("INSERT INTO merchant_balance (lane, id) VALUES (%s, %s)", (lane, merchant_id))
        admin.add_app(
            connection,
            app_id=app_id,
            merchant_id=merchant_id,
            name=name.lower(),
            wire="wechatpay",
            market="direct",
            public_keys=(public_key_base64(self.key.public_key()),),
            notify_url=notify_url,
            allow_loopback=True,
        )
        admin.set_aes_key(connection, app_id, APIV3_KEY.encode())
        ensure_platform_key(connection, "wechatpay", app_id, master=self.master)
        connection.commit()

    def openid(self, name: str) -> str:
        return openid_of(self.world.people[name])

    def code_of(self, name: str, *, credit: bool = True) -> str:
        """A payment code on the shopper's phone."""
        line_id = self.world.line_ids[name] if credit else 0
        code, _ = admin.issue_payment_code(self.world.connection, person_id=self.world.people[name], line_id=line_id)
        self.world.connection.commit()
        return code

    def later(self, on: date) -> None:
        """Let days pass: business time first, then the closes that it is late for."""
        clock.shift(self.world.connection, (on - self.world.today).days * 86_400)
        self.world.until(on)

    def trade_id(self, out_trade_no: str) -> int:
        return int(self.world.one("SELECT id FROM trade WHERE out_trade_no = %s", out_trade_no))

    def pay(self, name: str, out_trade_no: str, *, wallet: bool = False) -> Any:
        """The shopper pays the order at the cashier."""
        trade_id = self.trade_id(out_trade_no)
        amount = int(self.world.one("SELECT amount_minor FROM trade WHERE id = %s", trade_id))
        outcome = self.world.pay(name, trade_id, *((0, amount) if wallet else (amount, 0)))
        assert outcome.event is not None, outcome.refusal
        return outcome.event

    def deliver(self) -> int:
        with psycopg.connect(self.world.dsn, autocommit=True) as connection:
            renderers = {"wechatpay": WechatPayRenderer(self.clients, self.reads)}
            return deliver_due(connection, renderers, self.world.engine.at().instant)


@dataclass
class Shop:
    """One merchant's client. public_key_id: of public-key mode. Each `sent` request may be changed before it goes."""

    house: House
    app_id: int = ESCROW_SHOP
    key: rsa.RSAPrivateKey | None = None
    public_key_id: str = ""

    @property
    def mchid(self) -> str:
        return str(self.app_id)

    @property
    def own(self) -> dict[str, str]:
        return {"appid": appid_of(self.app_id), "mchid": self.mchid}

    @property
    def signs_with(self) -> rsa.RSAPrivateKey:
        return self.key or self.house.key

    def order(self, out_trade_no: str, total: int = 19_900, **more: Any) -> dict[str, Any]:
        return {
            **self.own,
            "description": "茶具 {tea} & more",
            "out_trade_no": out_trade_no,
            "amount": {"total": total, "currency": "CNY"},
            "notify_url": "http://127.0.0.1:9/notify",
            **more,
        }

    def native(self, out_trade_no: str, total: int = 19_900, **more: Any) -> tuple[int, dict[str, Any]]:
        return self.post("/v3/pay/transactions/native", self.order(out_trade_no, total, **more))

    def paid(self, name: str, out_trade_no: str, total: int = 19_900, **more: Any) -> str:
        """An order that she paid; gives its transaction_id."""
        assert self.native(out_trade_no, total, **more)[0] == 200
        self.house.pay(name, out_trade_no)
        return str(self.house.trade_id(out_trade_no))

    def refund(self, out_trade_no: str, number: str, refund: int, total: int = 19_900, **more: Any) -> tuple[int, Any]:
        amount = {"refund": refund, "total": total, "currency": "CNY"}
        body = {"out_trade_no": out_trade_no, "out_refund_no": number, "amount": amount, **more}
        return self.post("/v3/refund/domestic/refunds", body)

    def query(self, out_trade_no: str) -> dict[str, Any]:
        status, found = self.get(f"/v3/pay/transactions/out-trade-no/{out_trade_no}?mchid={self.mchid}")
        assert status == 200, found
        return found

    def post(self, target: str, document: Any) -> tuple[int, dict[str, Any]]:
        body = document if isinstance(document, bytes) else json.dumps(document, ensure_ascii=False).encode()
        return self.send(self.request("POST", target, body))

    def get(self, target: str) -> tuple[int, dict[str, Any]]:
        return self.send(self.request("GET", target, b""))

    def request(
        self,
        method: str,
        target: str,
        body: bytes,
        *,
        signed: bytes | None = None,
        timestamp: str | None = None,
        nonce: str | None = None,
        **fields: str,
    ) -> HttpRequest:
        """signed: the string that is signed, instead of the right one."""
        timestamp = timestamp or str(int(datetime.now(UTC).timestamp()))
        nonce = nonce or secrets.token_hex(16)
        message = signed or f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"
        signature = base64.b64encode(self.signs_with.sign(message, padding.PKCS1v15(), hashes.SHA256())).decode()
        given = {
            "mchid": self.mchid,
            "serial_no": serial_no_of(self.signs_with.public_key()),
            "nonce_str": nonce,
            "timestamp": timestamp,
            "signature": signature,
            **fields,
        }
        joined = ",".join(f'{name}="{value}"' for name, value in given.items())
        headers = {"authorization": f"WECHATPAY2-SHA256-RSA2048 {joined}", "host": "api.test"}
        if self.public_key_id:
            headers["wechatpay-serial"] = self.public_key_id
        return HttpRequest(method=method, target=target.encode(), headers=headers, body=body)

    def send(self, request: HttpRequest, *, gateway: Gateway | None = None) -> tuple[int, dict[str, Any]]:
        return self.read(asyncio.run((gateway or self.house.gateway).answer(request)))

    def read(self, answer: HttpAnswer) -> tuple[int, dict[str, Any]]:
        """Status and document of an answer, once its signature is found right under the name that it gives."""
        verify(answer.headers, answer.body, self.keys())
        assert answer.headers["Wechatpay-Signature-Type"] == "WECHATPAY2-SHA256-RSA2048"
        return answer.status, json.loads(answer.body) if answer.body else {}

    def keys(self) -> dict[str, rsa.RSAPublicKey]:
        """Ours, by every name that a client may know them by."""
        found = {}
        for our in self.house.clients.ours(self.app_id):
            found |= {our.serial_no: our.private.public_key(), our.public_key_id: our.private.public_key()}
        return found


def verify(headers: Any, body: bytes, keys: dict[str, rsa.RSAPublicKey]) -> None:
    """Raises InvalidSignature or KeyError, as an SDK would."""
    message = f"{headers['Wechatpay-Timestamp']}\n{headers['Wechatpay-Nonce']}\n".encode() + body + b"\n"
    signature = base64.b64decode(headers["Wechatpay-Signature"])
    keys[headers["Wechatpay-Serial"]].verify(signature, message, padding.PKCS1v15(), hashes.SHA256())


def opened(resource: dict[str, str], apiv3_key: str = APIV3_KEY) -> bytes:
    """What was sealed under an APIv3 key."""
    assert resource["algorithm"] == "AEAD_AES_256_GCM"
    nonce, about = resource["nonce"].encode(), resource["associated_data"].encode()
    return AESGCM(apiv3_key.encode()).decrypt(nonce, base64.b64decode(resource["ciphertext"]), about)


def certificates_in(document: dict[str, Any]) -> dict[str, rsa.RSAPublicKey]:
    """The public keys of an answer of /v3/certificates, by serial number as the certificate itself says it."""
    found = {}
    for entry in document["data"]:
        certificate = load_pem_x509_certificate(opened(entry["encrypt_certificate"]))
        serial_no = f"{certificate.serial_number:X}"
        assert serial_no == entry["serial_no"]
        assert certificate.not_valid_before_utc < datetime.now(UTC) < certificate.not_valid_after_utc
        key = certificate.public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        found[serial_no] = key
    return found
