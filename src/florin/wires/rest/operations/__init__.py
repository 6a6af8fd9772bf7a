"""The whole of this wire in one table, a file a subject: each method of each path, what it takes and gives, by what names it
is refused.

The routes are made from it, and so is the OpenAPI document: what is served is what is documented.
"""

from __future__ import annotations

from typing import Final

from florin.wires.rest.operations import (
    bank,
    bills,
    campaigns,
    collection,
    endpoints,
    fees,
    lines,
    market,
    merchants,
    onboarding,
    parents,
    partners,
    payments,
    people,
    plans,
    relief,
    repayments,
    requests,
    sales,
    settlement,
    statements,
    stores,
    what_ifs,
)
from florin.wires.rest.serve import Operation

OPERATIONS: Final[tuple[Operation, ...]] = (
    *payments.OPERATIONS,
    *parents.OPERATIONS,
    *requests.OPERATIONS,
    *people.OPERATIONS,
    *lines.OPERATIONS,
    *collection.OPERATIONS,
    *relief.OPERATIONS,
    *plans.OPERATIONS,
    *repayments.OPERATIONS,
    *statements.OPERATIONS,
    *sales.OPERATIONS,
    *campaigns.OPERATIONS,
    *fees.OPERATIONS,
    *partners.OPERATIONS,
    *merchants.OPERATIONS,
    *onboarding.OPERATIONS,
    *settlement.OPERATIONS,
    *stores.OPERATIONS,
    *market.OPERATIONS,
    *what_ifs.OPERATIONS,
    *bills.OPERATIONS,
    *bank.OPERATIONS,
    *endpoints.OPERATIONS,
)
