"""The house's own bill: CSV for a sheet, JSON for a program, the same columns in both.

Amounts are yuan with two decimals, in the merchant's favor above zero. What he is owed after a line is that of the line before
plus its net; the sums at the end are those of the lines above them. `docs/reference/bills.md` explains each column.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from florin.documents.bills.file import BillFile, days_of, yuan, zoned_time
from florin.queries.bills import Bill, BillLine

# Fees with a column of their own; all others together are in the last.
FEES: Final = ("payment", "installments", "credit-fee", "commission", "software")
_FEES: Final = frozenset(FEES)


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """Of one type of lines, or of all. Minor units."""

    type: str
    count: int
    amount_minor: int
    fees_minor: int
    net_minor: int


Rows = list[list[str]]


def rows_of(bill: Bill) -> Rows:
    """The cells of every line, which both files share: whoever writes both makes them once."""
    return [[cell(line) for cell in _CELLS] for line in bill.lines]


def bill_csv(bill: Bill, rows: Rows | None = None) -> BillFile:
    """UTF-8 with a byte order mark, so that a sheet reads Chinese. A header, a line a row, then the sums."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows_of(bill) if rows is None else rows)
    writer.writerow(())
    writer.writerow(("sum", "lines", "amount", "fees", "net"))
    writer.writerows(
        (sums.type, sums.count, yuan(sums.amount_minor), yuan(sums.fees_minor), yuan(sums.net_minor))
        for sums in sums_of(bill)
    )
    writer.writerow(("opening", "", "", "", yuan(bill.opening_minor)))
    writer.writerow(("closing", "", "", "", yuan(bill.closing_minor)))
    content = b"\xef\xbb\xbf" + out.getvalue().encode()
    return BillFile(name=f"bill-{bill.merchant_id}-{days_of(bill)}.csv", content_type="text/csv", content=content)


def bill_json(bill: Bill, rows: Rows | None = None) -> BillFile:
    """The same columns by their names; beside the fees' columns every fee by its own."""
    document = {
        "merchant_id": str(bill.merchant_id),
        "merchant": bill.name,
        "from_on": bill.from_on.isoformat(),
        "before_on": bill.before_on.isoformat(),
        "opening": yuan(bill.opening_minor),
        "lines": [
            {
                **dict(zip(COLUMNS, row, strict=True)),
                "fees": {kind: yuan(minor) for kind, minor in sorted(line.earned.fees.items())},
            }
            for line, row in zip(bill.lines, rows_of(bill) if rows is None else rows, strict=True)
        ],
        "sums": [
            {
                "type": sums.type,
                "count": sums.count,
                "amount": yuan(sums.amount_minor),
                "fees": yuan(sums.fees_minor),
                "net": yuan(sums.net_minor),
            }
            for sums in sums_of(bill)
        ],
        "closing": yuan(bill.closing_minor),
    }
    return BillFile(
        name=f"bill-{bill.merchant_id}-{days_of(bill)}.json",
        content_type="application/json",
        content=msgspec.json.encode(document),
    )


def sums_of(bill: Bill) -> list[Sums]:
    """One for each type of lines that there is, in the order in which they first come, then one for all."""
    by_type: dict[str, list[BillLine]] = {}
    for line in bill.lines:
        by_type.setdefault(line.type, []).append(line)
    return [*(_sums(name, lines) for name, lines in by_type.items()), _sums("all", bill.lines)]


def _sums(name: str, lines: Iterable[BillLine]) -> Sums:
    count = amount = fees = net = 0
    for line in lines:
        count += 1
        amount += line.amount_minor
        fees += line.earned.fees_minor
        net += line.earned.net_minor
    return Sums(type=name, count=count, amount_minor=amount, fees_minor=fees, net_minor=net)


_COLUMNS: Final[tuple[tuple[str, Callable[[BillLine], str]], ...]] = (
    ("type", lambda line: line.type),
    ("at", lambda line: zoned_time(line.at)),
    ("on", lambda line: line.on.isoformat()),
    ("event_id", lambda line: str(line.event_id)),
    ("trade_id", lambda line: _id(line.trade_id)),
    ("order_number", lambda line: line.order_number),
    ("refund_number", lambda line: line.refund_number),
    ("payout_id", lambda line: _id(line.payout_id)),
    ("app_id", lambda line: _id(line.app_id)),
    ("store_id", lambda line: line.store_id),
    ("subject", lambda line: line.subject),
    ("installments", lambda line: _id(line.plan_count)),
    ("amount", lambda line: yuan(line.amount_minor)),
    ("own_discount", lambda line: yuan(-line.discount_minor)),
    ("credit", lambda line: yuan(line.earned.credit_minor)),
    ("wallet", lambda line: yuan(line.earned.wallet_minor)),
    ("coupon", lambda line: yuan(line.earned.coupon_minor)),
    ("fee_payment", lambda line: yuan(-line.earned.fees.get("payment", 0))),
    ("fee_installments", lambda line: yuan(-line.earned.fees.get("installments", 0))),
    ("fee_credit", lambda line: yuan(-line.earned.fees.get("credit-fee", 0))),
    ("fee_commission", lambda line: yuan(-line.earned.fees.get("commission", 0))),
    ("fee_software", lambda line: yuan(-line.earned.fees.get("software", 0))),
    ("fee_other", lambda line: yuan(_other(line.earned.fees))),
    ("disputed", lambda line: yuan(-line.earned.disputed_minor)),
    ("frozen", lambda line: yuan(-line.earned.frozen_minor)),
    ("shared", lambda line: yuan(line.earned.shared_minor)),
    ("payout", lambda line: yuan(-line.earned.paid_out_minor)),
    ("net", lambda line: yuan(line.earned.net_minor)),
    ("balance", lambda line: yuan(line.balance_minor)),
    ("reference", lambda line: line.reference),
    ("reason", lambda line: line.reason),
)
COLUMNS: Final = tuple(name for name, _ in _COLUMNS)
_CELLS: Final = tuple(cell for _, cell in _COLUMNS)


def _other(fees: dict[str, int]) -> int:
    return -sum(minor for kind, minor in fees.items() if kind not in FEES) if fees.keys() - _FEES else 0


def _id(number: int) -> str:
    return str(number) if number else ""
