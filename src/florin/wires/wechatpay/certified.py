"""/v3/certificates: our live keys for the one who asks, as certificates sealed under his APIv3 key."""

from __future__ import annotations

import asyncio

from florin.wires.wechatpay import shapes
from florin.wires.wechatpay.answers import Answered
from florin.wires.wechatpay.certificates import valid_from, valid_until
from florin.wires.wechatpay.desk import Desk
from florin.wires.wechatpay.sealing import sealed
from florin.wires.wechatpay.shapes import china_text


async def certificates(desk: Desk, request: shapes.Caller) -> Answered:
    """Two while a key is rotated out: a client that downloads them now trusts both."""
    found = [
        {
            "serial_no": key.serial_no,
            "effective_time": china_text(valid_from(key.made_at)),
            "expire_time": china_text(valid_until(key.made_at)),
            "encrypt_certificate": sealed(pem.encode("ascii"), desk.client.apiv3_key, "certificate"),
        }
        for key, pem in await asyncio.to_thread(desk.clients.certificates, desk.client.app_id)
    ]
    return Answered(document={"data": found})
