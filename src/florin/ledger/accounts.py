"""The chart of accounts: one line an account, with its book, its side and its owner.

Numbers are stored in the database and never reused. Memo accounts stand outside the balance sheet; each has a contra
account in its own book, so memo balances sum to zero too.
"""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import NamedTuple


class Book(Enum):
    """The legal entities that share the house."""

    LENDER = "LN"
    PAYMENTS = "PI"
    MALL = "MK"
    PARTNER = "PT"


class Owner(Enum):
    """Whose account it is: the event's column of that name, the entry's subject for a campaign, or the house."""

    HOUSE = "house"
    LINE = "line"
    PERSON = "person"
    MERCHANT = "merchant"
    PAYMENT = "payment"
    CAMPAIGN = "campaign"


class Account(IntEnum):
    """Every account, by the number that transfers store."""

    # lender
    PRINCIPAL_UNBILLED = 1
    PRINCIPAL_BILLED = 2
    PRINCIPAL_PAST_DUE = 3
    FEE_UNBILLED = 4
    FEE_BILLED = 5
    INTEREST_ACCRUED = 6
    INTEREST_BILLED = 7
    CREDIT_BALANCE = 8
    DEFERRED_FEE_INCOME = 9
    FEE_INCOME = 10
    INTEREST_INCOME = 11
    LENDER_DUE_TO_PAYMENTS = 12
    LENDER_DUE_FROM_PAYMENTS = 13
    LENDER_BANK = 14
    MEMO_HELD = 15
    MEMO_COMMITTED = 16
    MEMO_COMMITMENT_CONTRA = 17
    PENALTY_BILLED = 18
    PENALTY_INCOME = 19
    COST_BILLED = 20
    COST_INCOME = 21
    MEMO_INTEREST = 22
    MEMO_PENALTY = 23
    MEMO_OFF_BOOKS_CONTRA = 24
    MEMO_CLAIM_PRINCIPAL = 25
    MEMO_CLAIM_FEE = 26
    MEMO_CLAIM_INTEREST = 27
    MEMO_CLAIM_PENALTY = 28
    MEMO_CLAIM_COST = 29
    MEMO_CLAIM_CONTRA = 30
    ALLOWANCE = 31
    IMPAIRMENT = 32
    RECOVERY_INCOME = 33
    LOANS_IN_ESCROW = 80
    DUE_FROM_CLAIM_BUYERS = 90
    CLAIM_SALE_INCOME = 91
    DUE_TO_CLAIM_BUYERS = 92
    PARTNER_SHARE = 95
    LENDER_DUE_TO_PARTNER = 96
    LENDER_DUE_FROM_PARTNER = 97
    PARTNER_INCOME_SHARE = 98
    SERVICING_INCOME = 99
    MEMO_PARTNER_CLAIM = 110
    # payment institution
    SAFEGUARDED_CASH = 40
    OWN_CASH = 41
    WALLET = 42
    FUNDED_ESCROW = 43
    MERCHANT_PAYABLE = 44
    MERCHANT_AVAILABLE = 45
    LANE_CLEARING = 46
    PAYOUT_IN_TRANSIT = 47
    UNALLOCATED_RECEIPTS = 48
    MDR_INCOME = 49
    PAYMENTS_DUE_FROM_LENDER = 50
    PAYMENTS_DUE_TO_LENDER = 51
    MEMO_GUARANTEED_ESCROW = 52
    MEMO_GUARANTEE_CONTRA = 53
    DISPUTE_HELD = 130
    MERCHANT_RESERVE = 140
    SHARES_FROZEN = 160
    SHARE_CLEARING = 161
    PAYMENTS_DUE_FROM_MALL = 60
    LENDER_DUE_FROM_MALL = 61
    BANK_CHARGES = 150
    # mall
    CAMPAIGN_COST = 70
    MALL_DUE_TO_PAYMENTS = 71
    MALL_DUE_TO_LENDER = 72
    MALL_BANK = 73
    DUE_FROM_STATE = 74
    STATE_GRANTS = 75
    MEMO_DISCOUNT = 76
    MEMO_CAMPAIGN_CONTRA = 77
    MEMO_BUDGET = 78
    MEMO_SUBSIDY = 79
    # partner banks
    PARTNER_LOANS = 100
    PARTNER_DUE_TO_LENDER = 101
    PARTNER_DUE_FROM_LENDER = 102
    PARTNER_BANK = 103
    PARTNER_INCOME = 104
    PARTNER_SERVICING_COST = 105
    PARTNER_LOSSES = 106
    PARTNER_RECOVERY_INCOME = 107
    MEMO_PARTNER_LOANS = 108
    MEMO_PARTNER_CONTRA = 109
    # fees: of the lender, of the payment institution, of the mall
    CREDIT_FEE_INCOME = 115
    INTERCHANGE_INCOME = 116
    LENDER_NETWORK_COST = 117
    LENDER_DUE_TO_NETWORK = 118
    INTERCHANGE_COST = 119
    PAYMENTS_NETWORK_COST = 120
    PAYMENTS_DUE_TO_NETWORK = 121
    WITHDRAWAL_INCOME = 122
    PAYMENTS_DUE_TO_MALL = 123
    MALL_DUE_FROM_PAYMENTS = 124
    COMMISSION_INCOME = 125
    SOFTWARE_FEE_INCOME = 126


class Describes(NamedTuple):
    """book; owner; side (+1: its balance is debit minus credit, -1: credit minus debit); memo: outside the balance sheet."""

    book: Book
    owner: Owner
    side: int
    memo: bool = False


ACCOUNTS: dict[Account, Describes] = {
    Account.PRINCIPAL_UNBILLED: Describes(Book.LENDER, Owner.LINE, +1),
    Account.PRINCIPAL_BILLED: Describes(Book.LENDER, Owner.LINE, +1),
    Account.PRINCIPAL_PAST_DUE: Describes(Book.LENDER, Owner.LINE, +1),
    Account.FEE_UNBILLED: Describes(Book.LENDER, Owner.LINE, +1),
    Account.FEE_BILLED: Describes(Book.LENDER, Owner.LINE, +1),
    Account.INTEREST_ACCRUED: Describes(Book.LENDER, Owner.LINE, +1),
    Account.INTEREST_BILLED: Describes(Book.LENDER, Owner.LINE, +1),
    Account.CREDIT_BALANCE: Describes(Book.LENDER, Owner.LINE, -1),
    Account.DEFERRED_FEE_INCOME: Describes(Book.LENDER, Owner.LINE, -1),
    Account.FEE_INCOME: Describes(Book.LENDER, Owner.HOUSE, -1),
    Account.INTEREST_INCOME: Describes(Book.LENDER, Owner.HOUSE, -1),
    Account.LENDER_DUE_TO_PAYMENTS: Describes(Book.LENDER, Owner.HOUSE, -1),
    Account.LENDER_DUE_FROM_PAYMENTS: Describes(Book.LENDER, Owner.HOUSE, +1),
    Account.LENDER_BANK: Describes(Book.LENDER, Owner.HOUSE, +1),
    Account.MEMO_HELD: Describes(Book.LENDER, Owner.LINE, +1, memo=True),
    Account.MEMO_COMMITTED: Describes(Book.LENDER, Owner.LINE, +1, memo=True),
    Account.MEMO_COMMITMENT_CONTRA: Describes(Book.LENDER, Owner.HOUSE, -1, memo=True),
    Account.PENALTY_BILLED: Describes(Book.LENDER, Owner.LINE, +1),
    Account.PENALTY_INCOME: Describes(Book.LENDER, Owner.HOUSE, -1),
    Account.COST_BILLED: Describes(Book.LENDER, Owner.LINE, +1),
    Account.COST_INCOME: Describes(Book.LENDER, Owner.HOUSE, -1),
    Account.MEMO_INTEREST: Describes(Book.LENDER, Owner.LINE, +1, memo=True),
    Account.MEMO_PENALTY: Describes(Book.LENDER, Owner.LINE, +1, memo=True),
    Account.MEMO_OFF_BOOKS_CONTRA: Describes(Book.LENDER, Owner.HOUSE, -1, memo=True),
    Account.MEMO_CLAIM_PRINCIPAL: Describes(Book.LENDER, Owner.LINE, +1, memo=True),
    Account.MEMO_CLAIM_FEE: Describes(Book.LENDER, Owner.LINE, +1, memo=True),
    Account.MEMO_CLAIM_INTEREST: Describes(Book.LENDER, Owner.LINE, +1, memo=True),
    Account.MEMO_CLAIM_PENALTY: Describes(Book.LENDER, Owner.LINE, +1, memo=True),
    Account.MEMO_CLAIM_COST: Describes(Book.LENDER, Owner.LINE, +1, memo=True),
    Account.MEMO_CLAIM_CONTRA: Describes(Book.LENDER, Owner.HOUSE, -1, memo=True),
    Account.ALLOWANCE: Describes(Book.LENDER, Owner.HOUSE, -1),
    Account.IMPAIRMENT: Describes(Book.LENDER, Owner.HOUSE, +1),
    Account.RECOVERY_INCOME: Describes(Book.LENDER, Owner.HOUSE, -1),
    Account.LOANS_IN_ESCROW: Describes(Book.LENDER, Owner.LINE, +1),
    Account.DUE_FROM_CLAIM_BUYERS: Describes(Book.LENDER, Owner.HOUSE, +1),
    Account.CLAIM_SALE_INCOME: Describes(Book.LENDER, Owner.HOUSE, -1),
    Account.DUE_TO_CLAIM_BUYERS: Describes(Book.LENDER, Owner.HOUSE, -1),
    Account.PARTNER_SHARE: Describes(Book.LENDER, Owner.LINE, -1),
    Account.LENDER_DUE_TO_PARTNER: Describes(Book.LENDER, Owner.HOUSE, -1),
    Account.LENDER_DUE_FROM_PARTNER: Describes(Book.LENDER, Owner.HOUSE, +1),
    Account.PARTNER_INCOME_SHARE: Describes(Book.LENDER, Owner.HOUSE, +1),
    Account.SERVICING_INCOME: Describes(Book.LENDER, Owner.HOUSE, -1),
    Account.MEMO_PARTNER_CLAIM: Describes(Book.LENDER, Owner.LINE, -1, memo=True),
    Account.SAFEGUARDED_CASH: Describes(Book.PAYMENTS, Owner.HOUSE, +1),
    Account.OWN_CASH: Describes(Book.PAYMENTS, Owner.HOUSE, +1),
    Account.WALLET: Describes(Book.PAYMENTS, Owner.PERSON, -1),
    Account.FUNDED_ESCROW: Describes(Book.PAYMENTS, Owner.PAYMENT, -1),
    Account.MERCHANT_PAYABLE: Describes(Book.PAYMENTS, Owner.MERCHANT, -1),
    Account.MERCHANT_AVAILABLE: Describes(Book.PAYMENTS, Owner.MERCHANT, -1),
    Account.MERCHANT_RESERVE: Describes(Book.PAYMENTS, Owner.MERCHANT, -1),
    Account.LANE_CLEARING: Describes(Book.PAYMENTS, Owner.HOUSE, -1),
    Account.PAYOUT_IN_TRANSIT: Describes(Book.PAYMENTS, Owner.HOUSE, -1),
    Account.UNALLOCATED_RECEIPTS: Describes(Book.PAYMENTS, Owner.HOUSE, -1),
    Account.MDR_INCOME: Describes(Book.PAYMENTS, Owner.HOUSE, -1),
    Account.PAYMENTS_DUE_FROM_LENDER: Describes(Book.PAYMENTS, Owner.HOUSE, +1),
    Account.PAYMENTS_DUE_TO_LENDER: Describes(Book.PAYMENTS, Owner.HOUSE, -1),
    Account.MEMO_GUARANTEED_ESCROW: Describes(Book.PAYMENTS, Owner.PAYMENT, +1, memo=True),
    Account.MEMO_GUARANTEE_CONTRA: Describes(Book.PAYMENTS, Owner.HOUSE, -1, memo=True),
    Account.DISPUTE_HELD: Describes(Book.PAYMENTS, Owner.PAYMENT, -1),
    Account.SHARES_FROZEN: Describes(Book.PAYMENTS, Owner.PAYMENT, -1),
    Account.SHARE_CLEARING: Describes(Book.PAYMENTS, Owner.HOUSE, -1),
    Account.PAYMENTS_DUE_FROM_MALL: Describes(Book.PAYMENTS, Owner.HOUSE, +1),
    Account.BANK_CHARGES: Describes(Book.PAYMENTS, Owner.HOUSE, +1),
    Account.CAMPAIGN_COST: Describes(Book.MALL, Owner.CAMPAIGN, +1),
    Account.MALL_DUE_TO_PAYMENTS: Describes(Book.MALL, Owner.HOUSE, -1),
    Account.LENDER_DUE_FROM_MALL: Describes(Book.LENDER, Owner.HOUSE, +1),
    Account.MALL_DUE_TO_LENDER: Describes(Book.MALL, Owner.HOUSE, -1),
    Account.MALL_BANK: Describes(Book.MALL, Owner.HOUSE, +1),
    Account.DUE_FROM_STATE: Describes(Book.MALL, Owner.CAMPAIGN, +1),
    Account.STATE_GRANTS: Describes(Book.MALL, Owner.CAMPAIGN, -1),
    Account.MEMO_DISCOUNT: Describes(Book.MALL, Owner.CAMPAIGN, +1, memo=True),
    Account.MEMO_BUDGET: Describes(Book.MALL, Owner.CAMPAIGN, +1, memo=True),
    Account.MEMO_SUBSIDY: Describes(Book.MALL, Owner.CAMPAIGN, +1, memo=True),
    Account.MEMO_CAMPAIGN_CONTRA: Describes(Book.MALL, Owner.HOUSE, -1, memo=True),
    Account.PARTNER_LOANS: Describes(Book.PARTNER, Owner.LINE, +1),
    Account.PARTNER_DUE_TO_LENDER: Describes(Book.PARTNER, Owner.HOUSE, -1),
    Account.PARTNER_DUE_FROM_LENDER: Describes(Book.PARTNER, Owner.HOUSE, +1),
    Account.PARTNER_BANK: Describes(Book.PARTNER, Owner.HOUSE, +1),
    Account.PARTNER_INCOME: Describes(Book.PARTNER, Owner.HOUSE, -1),
    Account.PARTNER_SERVICING_COST: Describes(Book.PARTNER, Owner.HOUSE, +1),
    Account.PARTNER_LOSSES: Describes(Book.PARTNER, Owner.HOUSE, +1),
    Account.PARTNER_RECOVERY_INCOME: Describes(Book.PARTNER, Owner.HOUSE, -1),
    Account.MEMO_PARTNER_LOANS: Describes(Book.PARTNER, Owner.LINE, +1, memo=True),
    Account.MEMO_PARTNER_CONTRA: Describes(Book.PARTNER, Owner.HOUSE, -1, memo=True),
    Account.CREDIT_FEE_INCOME: Describes(Book.LENDER, Owner.HOUSE, -1),
    Account.INTERCHANGE_INCOME: Describes(Book.LENDER, Owner.HOUSE, -1),
    Account.LENDER_NETWORK_COST: Describes(Book.LENDER, Owner.HOUSE, +1),
    Account.LENDER_DUE_TO_NETWORK: Describes(Book.LENDER, Owner.HOUSE, -1),
    Account.INTERCHANGE_COST: Describes(Book.PAYMENTS, Owner.HOUSE, +1),
    Account.PAYMENTS_NETWORK_COST: Describes(Book.PAYMENTS, Owner.HOUSE, +1),
    Account.PAYMENTS_DUE_TO_NETWORK: Describes(Book.PAYMENTS, Owner.HOUSE, -1),
    Account.WITHDRAWAL_INCOME: Describes(Book.PAYMENTS, Owner.HOUSE, -1),
    Account.PAYMENTS_DUE_TO_MALL: Describes(Book.PAYMENTS, Owner.HOUSE, -1),
    Account.MALL_DUE_FROM_PAYMENTS: Describes(Book.MALL, Owner.HOUSE, +1),
    Account.COMMISSION_INCOME: Describes(Book.MALL, Owner.HOUSE, -1),
    Account.SOFTWARE_FEE_INCOME: Describes(Book.MALL, Owner.HOUSE, -1),
}
