"""Bills: what a merchant keeps of a day."""

from __future__ import annotations

from typing import Final

from florin.wires.rest import bills, shapes
from florin.wires.rest.serve import Operation

_FORMS: Final = (
    "`form`: `json`, `csv`, `alipay` (a zip of GBK files), `wechat-trades` or `wechat-flow`. The same day gives the same "
    "bytes; it is published once it is closed with books that hold."
)

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        method="GET",
        path="/v1/bills/{day}",
        name="get_bill",
        summary="What your app sold and gave back on a day, as a file",
        description=_FORMS,
        needs="merchant",
        run=bills.get_bill,
        query=shapes.BillQuery,
        answer=shapes.Bill,
        refusals=("FieldsInvalid", "BillNotPublished"),
    ),
    Operation(
        method="GET",
        path="/v1/owner/merchants/{merchant_id}/bills/{day}",
        name="get_bill_of_merchant",
        summary="All that a merchant earned, gave back and was paid out on a day, as a file",
        description=_FORMS,
        tag="owner",
        needs="owner",
        run=bills.get_bill_of_merchant,
        query=shapes.BillQuery,
        answer=shapes.Bill,
        refusals=("FieldsInvalid", "NotFound", "BillNotPublished"),
    ),
)
