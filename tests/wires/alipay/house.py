"""A house with the gateway's door open: a world, a shop's app with its keys, and a client that signs like an SDK.

`shop.call("alipay.trade.query", …)` sends a signed request straight to the gateway, checks the answer's signature as an
SDK would, and gives the object inside.
"""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from florin.engine import admin, clock, lane_of
from florin.queries import ReadPool
from florin.wires.alipay.apps import Apps
from florin.wires.alipay.bill_links import BillLinks
from florin.wires.alipay.desk import GatewaySettings
from florin.wires.alipay.gateway import Gateway, HttpAnswer, HttpRequest
from florin.wires.desk.failures import SignatureFailures
from florin.wires.desk.pace import DiagnosisPace
from florin.wires.keys import CashierAddresses, MasterKey, SigningKeys, ensure_platform_key, load_master_key
from florin.wires.keys import forms as keys
from wires.alipay.client import form
from world import SHOP, World

ESCROW_SHOP, DIRECT_SHOP = 2026030200000001, 2026030200000002
CASHIER = CashierAddresses("http://pages.test", MasterKey(b"k" * 32, Path("master.key")))
BILLS = BillLinks("http://api.test", MasterKey(b"k" * 32, Path("master.key")))


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
    """world: people, lines, clock. key: both shops sign with it."""

    world: World
    key: rsa.RSAPrivateKey
    folder: Path
    faults: AskedFaults = field(default_factory=AskedFaults)
    settings: GatewaySettings = field(default_factory=lambda: GatewaySettings(cashier=CASHIER, bills=BILLS))

    def __post_init__(self) -> None:
        connection = self.world.connection
        public = keys.public_key_base64(self.key.public_key())
        for app_id, market in ((ESCROW_SHOP, "escrow"), (DIRECT_SHOP, "direct")):
            admin.add_app(
                connection,
                app_id=app_id,
                merchant_id=SHOP,
                name=market,
                wire="alipay",
                market=market,  # type: ignore[arg-type]
                public_keys=(public,),
                allow_loopback=True,
            )
        connection.commit()
        master = load_master_key(self.folder / "master.key")
        ensure_platform_key(connection, "alipay", master=master)
        connection.commit()
        self.reads = ReadPool(self.world.dsn)
        self.apps = Apps(self.reads, SigningKeys(self.reads.connection, master))
        self.gateway = self.new_gateway(self.settings)

    def new_gateway(self, settings: GatewaySettings, *, pace: DiagnosisPace | None = None) -> Gateway:
        return Gateway(
            engine=self.world.engine,
            reads=self.reads,
            apps=self.apps,
            failures=SignatureFailures(self.world.dsn),
            settings=settings,
            faults=self.faults,
            pace=pace,
        )

    def another_merchant(self, merchant_id: int, name: str) -> None:
        """A merchant beside the shop, who has no app."""
        connection, lane = self.world.connection, lane_of(merchant_id)
        connection.execute(
            "INSERT INTO merchant (id, lane, name, mdr_ppm, mdr_refunded, negative_limit_minor)"
            " VALUES (%s, %s, %s, 6000, false, 0)",
            (merchant_id, lane, name),
        )
        connection.execute("INSERT INTO merchant_balance (lane, id) VALUES (%s, %s)", (lane, merchant_id))
        connection.execute("UPDATE clock SET reference_version = reference_version + 1")
        connection.commit()

    @property
    def platform_key(self) -> rsa.RSAPublicKey:
        return self.apps.platform_key(ESCROW_SHOP).public_key()

    def close(self) -> None:
        self.reads.close()

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

    def pay(self, name: str, out_trade_no: str, *, app_id: int = ESCROW_SHOP, wallet: bool = False) -> Any:
        """The shopper pays the order at the cashier."""
        trade_id = int(Shop(self, app_id).call("alipay.trade.query", out_trade_no=out_trade_no)["trade_no"])
        amount = int(self.world.one("SELECT amount_minor FROM trade WHERE id = %s", trade_id))
        return self.world.pay(name, trade_id, *((0, amount) if wallet else (amount, 0)))


@dataclass
class Shop:
    """One app's client."""

    house: House
    app_id: int = ESCROW_SHOP
    key: rsa.RSAPrivateKey | None = None
    sign_type: str = "RSA2"
    charset: str = "utf-8"

    def request(
        self,
        method: str,
        biz: dict[str, Any] | str,
        *,
        accept: str = "*/*",
        http_method: str = "POST",
        **common: str | None,
    ) -> HttpRequest:
        """A signed request, common parameters in the query and `biz_content` in the body; None leaves a parameter out."""
        text = biz if isinstance(biz, str) else json.dumps(biz, ensure_ascii=False)
        named = {
            "app_id": str(self.app_id),
            "method": method,
            "charset": self.charset,
            "sign_type": self.sign_type,
            "timestamp": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S"),
            "version": "1.0",
            **common,
            "biz_content": text,
        }
        entries = [(name, value.encode(self.charset)) for name, value in named.items() if value is not None]
        signed = b"&".join(name.encode() + b"=" + value for name, value in sorted(entries) if value)
        digest = hashes.SHA256() if self.sign_type == "RSA2" else hashes.SHA1()
        signature = (self.key or self.house.key).sign(signed, padding.PKCS1v15(), digest)
        entries.append(("sign", base64.b64encode(signature)))
        in_body = form([entry for entry in entries if entry[0] == "biz_content"])
        in_query = form([entry for entry in entries if entry[0] != "biz_content"])
        if http_method == "GET":
            in_query, in_body = in_query + b"&" + in_body, b""
        return HttpRequest(
            http_method=http_method,
            path="/gateway.do",
            query=in_query,
            content_type="application/x-www-form-urlencoded",
            accept=accept,
            body=in_body,
        )

    def call(self, method: str, **biz: Any) -> dict[str, Any]:
        return self.send(self.request(method, biz))

    def call_beside(self, method: str, **parameters: str) -> dict[str, Any]:
        """A method whose parameters stand beside `biz_content`, of which there is none."""
        return self.send(self.request(method, "", **parameters))

    def send(self, request: HttpRequest, *, gateway: Gateway | None = None) -> dict[str, Any]:
        answer = asyncio.run((gateway or self.house.gateway).answer(request))
        return self.read(answer, request)

    def read(self, answer: HttpAnswer, request: HttpRequest) -> dict[str, Any]:
        """The object in a signed answer, under the method's key."""
        assert answer.status == 200, answer
        text = answer.body.decode(self.charset)
        document = json.loads(text)
        key = next(iter(document))
        method = dict(parse_qsl(request.query.decode())).get("method", "")
        assert key == (method.replace(".", "_") + "_response" if method else "error_response")
        signed = text[len(key) + 4 : text.rindex(',"sign":"')]
        digest = hashes.SHA256() if self.sign_type == "RSA2" else hashes.SHA1()
        signature = base64.b64decode(document["sign"])
        self.house.platform_key.verify(signature, signed.encode(self.charset), padding.PKCS1v15(), digest)
        found: dict[str, Any] = document[key]
        return found
