"""Every path of this wire, and what serves it. A path's `{name}` is one segment, handed on decoded."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import unquote

from florin.wires.wechatpay import (
    bills,
    certified,
    combined,
    existing,
    orders,
    refunds,
    shapes,
    sharing,
    sharing_shapes,
    till,
    transfer_batches,
    transfers,
)
from florin.wires.wechatpay.answers import Answered

Handler = Callable[..., Awaitable[Answered]]
# Whose call it may be: a merchant's own, a service provider's, or either by whether a sub_mchid comes.
Side = Literal["merchant", "provider", "either"]


@dataclass(frozen=True, slots=True)
class Route:
    """serve: called with the desk, the request and the path's parts. reads: it changes nothing."""

    method: str
    path: str
    serve: Handler
    shape: type[shapes.Caller]
    side: Side
    reads: bool = False

    @property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path))


def _both(path: str, method: str, serve: Handler, shape: type[shapes.Caller], *, reads: bool = False) -> list[Route]:
    """The path of a merchant and that of a service provider."""
    return [
        Route(method, f"/v3/pay/transactions/{path}", serve, shape, "merchant", reads),
        Route(method, f"/v3/pay/partner/transactions/{path}", serve, shape, "provider", reads),
    ]


_COMBINED: Final = "/v3/combine-transactions"
_SHARING: Final = "/v3/profitsharing"
_TRANSFERS: Final = "/v3/fund-app/mch-transfer/transfer-bills"

ROUTES: Final[tuple[Route, ...]] = (
    Route("GET", "/v3/certificates", certified.certificates, shapes.Caller, "either", reads=True),
    *_both("native", "POST", orders.native, shapes.Order),
    *_both("jsapi", "POST", orders.jsapi, shapes.Order),
    *_both("app", "POST", orders.app, shapes.Order),
    *_both("h5", "POST", orders.h5, shapes.Order),
    *_both("codepay", "POST", till.codepay, shapes.Order),
    *_both("out-trade-no/{out_trade_no}", "GET", existing.query, shapes.Caller, reads=True),
    *_both("id/{transaction_id}", "GET", existing.query_by_id, shapes.Caller, reads=True),
    *_both("out-trade-no/{out_trade_no}/close", "POST", existing.close, shapes.Close),
    *_both("out-trade-no/{out_trade_no}/reverse", "POST", till.reverse, shapes.Close),
    Route("POST", "/v3/refund/domestic/refunds", refunds.refund, shapes.Refund, "either"),
    Route("GET", "/v3/refund/domestic/refunds/{out_refund_no}", refunds.query, shapes.Caller, "either", reads=True),
    Route("POST", f"{_COMBINED}/native", combined.native, shapes.Combined, "either"),
    Route("POST", f"{_COMBINED}/jsapi", combined.jsapi, shapes.Combined, "either"),
    Route("POST", f"{_COMBINED}/app", combined.app, shapes.Combined, "either"),
    Route("POST", f"{_COMBINED}/h5", combined.h5, shapes.Combined, "either"),
    Route(
        "GET", f"{_COMBINED}/out-trade-no/{{combine_out_trade_no}}", combined.query, shapes.Caller, "either", reads=True
    ),
    Route(
        "POST",
        f"{_COMBINED}/out-trade-no/{{combine_out_trade_no}}/close",
        combined.close,
        shapes.CombinedClose,
        "either",
    ),
    Route("POST", "/v3/transfer/batches", transfers.batch, shapes.NewBatch, "either"),
    Route(
        "GET",
        "/v3/transfer/batches/out-batch-no/{out_batch_no}/details/out-detail-no/{out_detail_no}",
        transfers.detail,
        shapes.Caller,
        "either",
        reads=True,
    ),
    Route(
        "GET",
        "/v3/transfer/batches/out-batch-no/{out_batch_no}",
        transfer_batches.query,
        transfer_batches.BatchQuery,
        "either",
        reads=True,
    ),
    Route(
        "GET",
        "/v3/transfer/batches/batch-id/{batch_id}",
        transfer_batches.query_by_id,
        transfer_batches.BatchQuery,
        "either",
        reads=True,
    ),
    Route(
        "GET",
        "/v3/transfer/batches/batch-id/{batch_id}/details/detail-id/{detail_id}",
        transfer_batches.detail,
        shapes.Caller,
        "either",
        reads=True,
    ),
    Route("POST", _TRANSFERS, transfers.transfer, shapes.NewTransfer, "either"),
    Route("GET", f"{_TRANSFERS}/out-bill-no/{{out_bill_no}}", transfers.query, shapes.Caller, "either", reads=True),
    Route("POST", f"{_TRANSFERS}/out-bill-no/{{out_bill_no}}/cancel", transfers.cancel, shapes.Caller, "either"),
    Route(
        "GET",
        f"{_TRANSFERS}/transfer-bill-no/{{transfer_bill_no}}",
        transfers.query_by_id,
        shapes.Caller,
        "either",
        reads=True,
    ),
    Route("POST", f"{_SHARING}/receivers/add", sharing.add_receiver, sharing_shapes.NewReceiver, "either"),
    Route("POST", f"{_SHARING}/receivers/delete", sharing.delete_receiver, sharing_shapes.OldReceiver, "either"),
    Route("POST", f"{_SHARING}/orders", sharing.share, sharing_shapes.NewShare, "either"),
    Route("POST", f"{_SHARING}/orders/unfreeze", sharing.unfreeze, sharing_shapes.Unfreeze, "either"),
    Route("GET", f"{_SHARING}/orders/{{out_order_no}}", sharing.query, sharing_shapes.ShareQuery, "either", reads=True),
    Route("POST", f"{_SHARING}/return-orders", sharing.give_back, sharing_shapes.NewReturn, "either"),
    Route(
        "GET",
        f"{_SHARING}/return-orders/{{out_return_no}}",
        sharing.query_return,
        sharing_shapes.ReturnQuery,
        "either",
        reads=True,
    ),
    Route(
        "GET",
        f"{_SHARING}/transactions/{{transaction_id}}/amounts",
        sharing.amounts,
        shapes.Caller,
        "either",
        reads=True,
    ),
    Route("GET", f"{_SHARING}/merchant-configs/{{sub_mchid}}", sharing.ratio, shapes.Caller, "either", reads=True),
    Route("GET", f"{_SHARING}/bills", bills.sharing, shapes.BillQuery, "either", reads=True),
    Route("GET", "/v3/bill/tradebill", bills.trades, shapes.BillQuery, "either", reads=True),
    Route("GET", "/v3/bill/fundflowbill", bills.flow, shapes.BillQuery, "either", reads=True),
    Route("GET", bills.DOWNLOAD_PATH, bills.download, shapes.BillQuery, "either", reads=True),
)
_FIXED: Final = {(route.method, route.path): route for route in ROUTES if "{" not in route.path}
_PATTERNS: Final = [(route, route.pattern) for route in ROUTES if "{" in route.path]


def match(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route of a raw path, and its parts; None for one that is not spoken here."""
    if route := _FIXED.get((method, path)):
        return route, {}
    for route, pattern in _PATTERNS:
        if route.method == method and (found := pattern.fullmatch(path)):
            return route, {name: unquote(part) for name, part in found.groupdict().items()}
    return None
