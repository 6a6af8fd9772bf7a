"""Whose each account is: what is moved takes from one party what it gives to another."""

from __future__ import annotations

import pytest
from hypothesis import given

from florin.ledger import ACCOUNTS, PARTY_OF, Account, Entry, Party, Rule, gains_of
from ledger.test_postings import ENTRIES


@given(entries=ENTRIES)
def test_whatever_is_posted_the_parties_sum_to_zero(entries):
    gains = gains_of(entries)

    assert sum(gains.values()) == 0
    assert 0 not in gains.values()


def test_every_account_of_the_balance_sheet_is_one_partys_and_a_memo_is_nobodys():
    assert {account for account in Account if account in PARTY_OF} == {a for a in Account if not ACCOUNTS[a].memo}
    assert set(PARTY_OF.values()) == set(Party)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule.DRAW_CREDIT, {Party.SHOPPER: -100, Party.SHOP: +100}),
        (Rule.CHARGE_MDR, {Party.SHOP: -100, Party.PAYMENTS: +100}),
        (Rule.CHARGE_MERCHANT_FEE, {Party.SHOP: -100, Party.LENDER: +100}),
        (Rule.CHARGE_SHOPPER_FEE, {Party.SHOPPER: -100, Party.LENDER: +100}),
        (Rule.SUBSIDIZE_FEE, {Party.CAMPAIGN: -100, Party.LENDER: +100}),
        (Rule.ESCROW_COUPON, {Party.CAMPAIGN: -100, Party.ESCROW: +100}),
        (Rule.CLAIM_ON_STATE, {Party.STATE: -100, Party.CAMPAIGN: +100}),
        (Rule.SHARE_INCOME, {Party.LENDER: -100, Party.PARTNER: +100}),
        (Rule.FUND_LOAN, {}),
        (Rule.COMMIT_CREDIT, {}),
        (Rule.SWEEP_OUT, {}),
    ],
)
def test_a_rule_gives_to_whom_it_says(rule, expected):
    gains = {party: minor for (party, _), minor in gains_of([Entry(rule, 100)]).items() if party is not Party.BETWEEN}

    assert gains == expected
