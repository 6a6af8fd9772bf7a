"""What the shop is told afterwards: an envelope in clear, with what happened sealed under the merchant's APIv3 key.

Heard is HTTP 200 or 204, whatever the body says. The same `id` goes with every try of one notify, so that a shop can tell a
repeat from a second event.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from florin.wires.wechatpay.answers import json_bytes
from florin.wires.wechatpay.sealing import sealed
from florin.wires.wechatpay.shapes import china_text

SUMMARIES: Final = {
    "TRANSACTION.SUCCESS": "支付成功",
    "REFUND.SUCCESS": "退款成功",
    "REFUND.CLOSED": "退款关闭",
    "profitsharing": "分账",
}


def is_heard(status: int) -> bool:
    return status in (200, 204)


def notify_body(
    event_type: str,
    resource: Mapping[str, Any],
    *,
    notify_id: str,
    created_at: datetime,
    apiv3_key: bytes,
    original: str = "",
) -> bytes:
    """The envelope with its sealed resource, ready to be signed. created_at: of the event, the same on every try.

    original: what is sealed, where its type's first word does not say it.
    """
    original = original or event_type.partition(".")[0].lower()
    return json_bytes(
        {
            "id": notify_id,
            "create_time": china_text(created_at),
            "resource_type": "encrypt-resource",
            "event_type": event_type,
            "summary": SUMMARIES.get(original) or SUMMARIES[event_type],
            "resource": {"original_type": original, **sealed(json_bytes(resource), apiv3_key, original)},
        }
    )
