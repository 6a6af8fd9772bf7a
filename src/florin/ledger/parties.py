"""Parties: whose money each account is, so that any set of transfers says who got which cent of it.

An account is somebody's who stands across it: what a lender is owed is the shopper's debt, what an institution owes a shop is
the shop's money; income and cost are the entity's own. A credit is worth more to that party, a debit less. Because a transfer
has a debit and a credit, what parties gain and lose sums to zero, whatever was moved.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from florin.ledger.accounts import ACCOUNTS, Account
from florin.ledger.postings import Entry, Rule, transfers_of


class Party(Enum):
    """ESCROW holds money that is nobody's yet. CAMPAIGN is the mall's budget for coupons and subsidies, STATE who pays it back.
    BETWEEN is what entities owe each other, which is zero when all of an event is seen. OUTSIDE is the bank's side of cash.
    """

    SHOPPER = "shopper"
    SHOP = "shop"
    ESCROW = "escrow"
    PAYMENTS = "payment_institution"
    LENDER = "lender"
    PARTNER = "partner_bank"
    NETWORK = "network"
    MALL = "mall"
    CAMPAIGN = "campaign"
    STATE = "state"
    BETWEEN = "between"
    OUTSIDE = "outside"


_OF = {
    Party.SHOPPER: (
        Account.PRINCIPAL_UNBILLED, Account.PRINCIPAL_BILLED, Account.PRINCIPAL_PAST_DUE, Account.FEE_UNBILLED,
        Account.FEE_BILLED, Account.INTEREST_ACCRUED, Account.INTEREST_BILLED, Account.PENALTY_BILLED, Account.COST_BILLED,
        Account.CREDIT_BALANCE, Account.LOANS_IN_ESCROW, Account.WALLET, Account.UNALLOCATED_RECEIPTS,
    ),
    Party.SHOP: (
        Account.MERCHANT_PAYABLE, Account.MERCHANT_AVAILABLE, Account.MERCHANT_RESERVE, Account.LANE_CLEARING,
        Account.SHARE_CLEARING,
    ),
    Party.ESCROW: (Account.FUNDED_ESCROW, Account.DISPUTE_HELD, Account.SHARES_FROZEN),
    Party.PAYMENTS: (
        Account.MDR_INCOME, Account.WITHDRAWAL_INCOME, Account.INTERCHANGE_COST, Account.PAYMENTS_NETWORK_COST,
        Account.BANK_CHARGES,
    ),
    Party.NETWORK: (Account.PAYMENTS_DUE_TO_NETWORK, Account.LENDER_DUE_TO_NETWORK),
    Party.MALL: (Account.COMMISSION_INCOME, Account.SOFTWARE_FEE_INCOME),
    Party.LENDER: (
        Account.DEFERRED_FEE_INCOME, Account.FEE_INCOME, Account.INTEREST_INCOME, Account.PENALTY_INCOME,
        Account.COST_INCOME, Account.ALLOWANCE, Account.IMPAIRMENT, Account.RECOVERY_INCOME, Account.CLAIM_SALE_INCOME,
        Account.PARTNER_INCOME_SHARE, Account.SERVICING_INCOME, Account.CREDIT_FEE_INCOME, Account.INTERCHANGE_INCOME,
        Account.LENDER_NETWORK_COST,
    ),
    Party.PARTNER: (
        Account.PARTNER_SHARE, Account.PARTNER_LOANS, Account.PARTNER_INCOME, Account.PARTNER_SERVICING_COST,
        Account.PARTNER_LOSSES, Account.PARTNER_RECOVERY_INCOME,
    ),
    Party.CAMPAIGN: (Account.CAMPAIGN_COST, Account.STATE_GRANTS),
    Party.STATE: (Account.DUE_FROM_STATE,),
    Party.BETWEEN: (
        Account.LENDER_DUE_TO_PAYMENTS, Account.LENDER_DUE_FROM_PAYMENTS, Account.PAYMENTS_DUE_FROM_LENDER,
        Account.PAYMENTS_DUE_TO_LENDER, Account.PAYMENTS_DUE_FROM_MALL, Account.MALL_DUE_TO_PAYMENTS,
        Account.PAYMENTS_DUE_TO_MALL, Account.MALL_DUE_FROM_PAYMENTS, Account.LENDER_DUE_FROM_MALL, Account.MALL_DUE_TO_LENDER,
        Account.LENDER_DUE_TO_PARTNER, Account.LENDER_DUE_FROM_PARTNER, Account.PARTNER_DUE_TO_LENDER,
        Account.PARTNER_DUE_FROM_LENDER,
    ),
    Party.OUTSIDE: (
        Account.SAFEGUARDED_CASH, Account.OWN_CASH, Account.LENDER_BANK, Account.MALL_BANK, Account.PARTNER_BANK,
        Account.PAYOUT_IN_TRANSIT, Account.DUE_FROM_CLAIM_BUYERS, Account.DUE_TO_CLAIM_BUYERS,
    ),
}  # fmt: skip
PARTY_OF: dict[Account, Party] = {account: party for party, accounts in _OF.items() for account in accounts}

assert PARTY_OF.keys() == {account for account, told in ACCOUNTS.items() if not told.memo}, (
    "every account is somebody's"
)


def gains_of(entries: Iterable[Entry]) -> dict[tuple[Party, Rule], int]:
    """What each party gains (above zero) or gives by each rule, in minor units; memo left out. Sums to zero."""
    gains: dict[tuple[Party, Rule], int] = {}
    for entry in entries:
        for debit, credit, amount_minor in transfers_of([entry]):
            if ACCOUNTS[debit].memo:
                continue
            for account, minor in ((debit, -amount_minor), (credit, amount_minor)):
                key = (PARTY_OF[account], entry.rule)
                gains[key] = gains.get(key, 0) + minor
    return {key: minor for key, minor in gains.items() if minor}
