"""The five doors: what each shop sells, in which market, on which terms, and over which wire it asks for payment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from florin.events import Channel
from florin.sandbox.provision import Market


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One shop front. market: the id of the acceptance rules. flow: owed at payment, or when the buyer confirms receipt.

    price: minor units. installments: offered with the fee borne by the shop; 0: none. fees: the plan that the shop pays by.
    by_code: the shop shows a QR code for whoever comes. on_phone: it is paid in another window, the shopper's phone.
    """

    market: str
    app_id: int
    wire: Literal["alipay", "rest", "wechatpay"]
    flow: Market
    category: str
    fees: str
    shop: str
    shop_zh: str
    goods: str
    goods_zh: str
    price_minor: int
    installments: int = 0
    by_code: bool = False
    on_phone: bool = False

    @property
    def channel(self) -> Channel:
        """How it is sold: what a code is scanned for is sold over a counter."""
        return "offline" if self.by_code else "online"

    def named(self, language: str) -> str:
        return self.shop_zh if language == "zh" else self.shop

    def sells(self, language: str) -> str:
        return self.goods_zh if language == "zh" else self.goods


TAOBAO = Door(
    market="taobao",
    app_id=2021_0001_0000_0101,
    wire="alipay",
    flow="escrow",
    category="crafts",
    fees="ali",
    shop="Auntie Chen's Pots",
    shop_zh="陈阿姨的陶器铺",
    goods="Tea set, thrown by hand",
    goods_zh="手作茶具",
    price_minor=199_00,
)
TMALL = Door(
    market="tmall",
    app_id=2021_0001_0000_0102,
    wire="alipay",
    flow="direct",
    category="electronics",
    fees="ali",
    shop="Orchid Flagship",
    shop_zh="兰花旗舰店",
    goods="Orchid 7 phone",
    goods_zh="兰花 7 手机",
    price_minor=6_000_00,
    installments=12,
)
JD = Door(
    market="jd",
    app_id=2021_0001_0000_9102,
    wire="rest",
    flow="direct",
    category="own",
    fees="jd",
    shop="JD, own retail",
    shop_zh="京东自营",
    goods="Rice cooker",
    goods_zh="电饭煲",
    price_minor=899_00,
)
STALL = Door(
    market="street",
    app_id=2021_0001_0000_0103,
    wire="alipay",
    flow="direct",
    category="dining",
    fees="ali",
    shop="Uncle Zhou's Pancakes",
    shop_zh="周叔煎饼",
    goods="Jianbing, two eggs",
    goods_zh="煎饼果子，两个蛋",
    price_minor=12_00,
    by_code=True,
    on_phone=True,
)
CHAT = Door(
    market="chat",
    app_id=2021_0001_0000_0104,
    wire="wechatpay",
    flow="direct",
    category="crafts",
    fees="tencent",
    shop="Yun's Yarn",
    shop_zh="云云的毛线店",
    goods="Scarf, knitted by Yun",
    goods_zh="云云手织围巾",
    price_minor=168_00,
    on_phone=True,
)
DOORS = {door.market: door for door in (TAOBAO, TMALL, JD, STALL, CHAT)}
