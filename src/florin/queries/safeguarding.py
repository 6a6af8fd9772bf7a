"""Safeguarding, day by day: is what belongs to others there, term by term, as the proof of each day found it.

The two sides are told in docs/explanation/safeguarding.md. Nothing is summed again: a day's report says what was proven on
that day, also when the books were corrected since.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

import msgspec
from psycopg import Connection
from psycopg.rows import namedtuple_row

from florin.engine.proof import COVERS
from florin.events.refusals import Language


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """One term of a side. name: of the account or the sum; text: what it is. amount_minor: as it enters its side's sum."""

    name: str
    text: str
    amount_minor: int


class SafeguardingDay(msgspec.Struct, frozen=True, kw_only=True):
    """proven_on: the business date with which the day before was closed. holds: nothing is short, nothing unexplained.

    excess_minor: what covers less what is owed; below zero a shortfall. published: every proof of the day held, so payouts
    could leave. in_transit: listed items between the bank's statement and our account; differences: in words.
    """

    proven_on: date
    proven_at: datetime
    holds: bool
    published: bool
    covers_minor: int
    owed_minor: int
    excess_minor: int
    covers: list[Term]
    owed: list[Term]
    in_transit: list[Term]
    differences: list[str]


def safeguarding(
    connection: Connection[Any], *, from_on: date, until_on: date, language: Language, limit: int = 400
) -> list[SafeguardingDay]:
    """The days [from_on, until_on) that were proven, the newest first."""
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        rows = cursor.execute(_DAYS, {"from_on": from_on, "until_on": until_on, "limit": limit}).fetchall()
    return [_day(row, language) for row in rows]


_DAYS = """
    SELECT proven_on, proven_at, holds, report::text AS report FROM proof
     WHERE proven_on >= %(from_on)s AND proven_on < %(until_on)s
  ORDER BY proven_on DESC
     LIMIT %(limit)s
"""
_CASH: Final = "SAFEGUARDED_CASH"
_CLAIMS: Final = "CLAIMS_ON_NEGATIVE_MERCHANTS"
# Of each term: English, Chinese.
_SAYS: Final[Mapping[str, tuple[str, str]]] = {
    "BANK_STATEMENT": ("safeguarded account, by the bank's statement", "备付金账户（银行对账单余额）"),
    "IN_TRANSIT": ("items in transit, listed below", "在途项目（明细见下）"),
    "PAYMENTS_DUE_FROM_LENDER": ("due from the lender, settled with the next close", "应收放款方（次日结清）"),
    "PAYMENTS_DUE_FROM_MALL": ("due from the mall, settled with the next close", "应收平台方（次日结清）"),
    "WALLET": ("wallets", "用户钱包余额"),
    "FUNDED_ESCROW": ("funded escrow", "担保交易资金"),
    "MERCHANT_PAYABLE": ("payable to merchants", "待清算商户款"),
    "MERCHANT_AVAILABLE": ("available to merchants, where above zero", "商户可用余额（正数部分）"),
    "MERCHANT_RESERVE": ("kept in merchants' reserves", "商户留存款"),
    "DISPUTE_HELD": ("held for disputes", "争议冻结款"),
    "SHARES_FROZEN": ("frozen of sales to be shared", "待分账冻结款"),
    "SHARE_CLEARING": ("between lanes of shared sales, sums to zero", "分账清算（合计为零）"),
    "PAYOUT_IN_TRANSIT": ("payouts in transit", "在途打款"),
    "UNALLOCATED_RECEIPTS": ("receipts whose owner is unknown", "未认领入账"),
    "PAYMENTS_DUE_TO_LENDER": ("due to the lender", "应付放款方"),
    "PAYMENTS_DUE_TO_MALL": ("due to the mall", "应付平台方"),
    "PAYMENTS_DUE_TO_NETWORK": ("due to card networks", "应付卡组织"),
    "LANE_CLEARING": ("between lanes, sums to zero", "分区清算（合计为零）"),
    "FEES_NOT_SWEPT": ("own fees not swept yet", "尚未划出的手续费收入"),
    _CLAIMS: ("less claims on merchants below zero", "减：对负余额商户的应收款"),
}
_ORDER: Final = {name: place for place, name in enumerate(_SAYS)}  # jsonb keeps its own


def _day(row: Any, language: Language) -> SafeguardingDay:
    checks = {check["name"]: check for check in msgspec.json.decode(row.report)}
    found, bank = checks["safeguarding"], checks["bank"]["figures"]
    figures: dict[str, int] = dict(found["figures"])
    cash, claims = figures.pop(_CASH), figures.pop(_CLAIMS)
    stated = bank.get("safeguarded", 0)
    covers = {"BANK_STATEMENT": stated, "IN_TRANSIT": cash - stated}
    covers |= {name: figures.pop(name) for name in COVERS if name in figures}
    figures["MERCHANT_AVAILABLE"] = figures.get("MERCHANT_AVAILABLE", 0) + claims
    owed = {**figures, _CLAIMS: -claims}
    items = {name.removeprefix(_LISTED): minor for name, minor in bank.items() if name.startswith(_LISTED)}
    covers_minor, owed_minor = sum(covers.values()), sum(owed.values())
    return SafeguardingDay(
        proven_on=row.proven_on,
        proven_at=row.proven_at,
        holds=not found["differences"] and not checks["bank"]["differences"],
        published=row.holds,
        covers_minor=covers_minor,
        owed_minor=owed_minor,
        excess_minor=covers_minor - owed_minor,
        covers=_terms(covers, language),
        owed=_terms(owed, language),
        in_transit=_terms(items, language),
        differences=[*found["differences"], *checks["bank"]["differences"]],
    )


_LISTED: Final = "in transit: "


def _terms(amounts: Mapping[str, int], language: Language) -> list[Term]:
    says = 1 if language == "zh" else 0
    return [
        Term(name=name, text=_SAYS.get(name, (_words(name), _words(name)))[says], amount_minor=minor)
        for name, minor in sorted(amounts.items(), key=lambda each: _ORDER.get(each[0], len(_ORDER)))
    ]


def _words(name: str) -> str:
    return name.lower().replace("_", " ") if name.isupper() else name
