"""A house behind a server, and how a shop is pointed at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from florin.wires.keys import forms as keys
from sdk.sdks import Shop
from wires.alipay.house import ESCROW_SHOP, House


@dataclass
class Served:
    """addresses: {needs_port_80: address}, None where port 80 cannot be had."""

    house: House
    addresses: dict[bool, str | None]

    def shop(self, address: str | None = None, **more: Any) -> Shop:
        """The escrow app's, in key mode unless it is told otherwise."""
        return Shop(
            gateway=f"{address or self.addresses[False]}/gateway.do",
            app_id=str(ESCROW_SHOP),
            app_private_key=keys.private_key_base64(self.house.key),
            platform_public_key=keys.public_key_base64(self.house.platform_key),
            **more,
        )
