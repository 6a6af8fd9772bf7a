"""Any event that moves money, as Hypothesis makes it: every amount free, every flag both ways."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import get_args

from hypothesis import strategies as st
from msgspec.structs import replace

from florin import events
from florin.events import (
    CampaignPart,
    CampaignTerms,
    Event,
    FeeName,
    FeePart,
    InstallmentChoice,
    ItemCount,
    LoanFunding,
    MonthCounted,
    Place,
)

ON = date(2026, 3, 5)
AT = datetime(2026, 3, 5, 4, tzinfo=UTC)
MINOR = st.integers(0, 10**12)

# Of a sale the part beyond what was held is moved, so a sale holds at most all of it.
COUPONS = st.none() | st.builds(
    CampaignPart,
    campaign_id=st.just(7),
    amount_minor=st.integers(1, 10**9),
    sponsor=st.sampled_from(("mall", "state", "merchant")),
    year=st.sampled_from((0, 2026)),
)
_BY_ONE = st.builds(
    InstallmentChoice,
    count=st.sampled_from((3, 6, 12)),
    fee_minor=st.integers(0, 10**9),
    fee_payer=st.sampled_from(("shopper", "merchant")),
)
_SHARED = st.builds(
    InstallmentChoice,
    count=st.sampled_from((3, 6, 12)),
    fee_minor=st.integers(10**9, 10**10),
    fee_payer=st.just("shopper"),
    subsidy=COUPONS,
)
FEES = st.lists(
    st.builds(
        FeePart,
        fee=st.sampled_from(get_args(FeeName)),
        rule=st.integers(0, 3),
        rate_ppm=st.just(6_000),
        credit_minor=st.integers(0, 10**9),
        amount_minor=st.integers(0, 10**9),
        refunded=st.booleans(),
    ),
    max_size=4,
).map(tuple)
PLANS = st.none() | _BY_ONE | _SHARED
OWNERS = {
    "value_on": st.just(ON),
    "trade_id": st.just(1),
    "payment_id": st.just(2),
    "line_id": st.just(3),
    "person_id": st.just(4),
    "merchant_id": st.just(5),
}
_OTHER = {
    "expires_at": st.just(AT),
    "plan": PLANS,
    "coupon": COUPONS,
    "promised": COUPONS,
    "subsidy_back": COUPONS,
    "fees": FEES,
    "fees_back": FEES,
    "campaign_id": st.just(7),
    "name": st.just("Spring"),
    "name_zh": st.just("春天"),
    "terms": st.just(CampaignTerms(kind="coupon", sponsor="mall", opens_on=ON, closes_on=date(2026, 4, 1))),
    "by": st.just("buyer"),
    "source": st.sampled_from(("wallet", "bank")),
    "before_receipt": st.booleans(),
    "negative": st.booleans(),
    "window_on": st.just(ON),
    "window_from": st.integers(0, 1439),
    "window_until": st.integers(1, 1440),
    "reason": st.just("voided"),
    "reason_code": st.sampled_from(("", "AC04")),
    "late": st.booleans(),
    "request_no": st.just("r1"),
    "notify_url": st.just(""),
    "title": st.just("bonus"),
    "batch_name": st.just("March"),
    "batch_remark": st.just("wages"),
    "to_person_id": st.just(2),
    "bank_reference": st.just("b1"),
    "reference": st.just("b1"),
    "known_on": st.just(ON),
    "payoff": st.none(),
    "drawn": st.booleans(),
    "card": st.booleans(),
    "place": st.none()
    | st.builds(Place, category=st.sampled_from(("", "games")), channel=st.sampled_from(("online", "offline"))),
    "counted": st.none()
    | st.builds(MonthCounted, month_on=st.just(ON.replace(day=1)), channel=st.sampled_from(("", "offline"))),
    "funding": st.none()
    | st.builds(LoanFunding, agreement_id=st.just(9), share_ppm=st.just(700_000), partner_minor=MINOR),
    "agreement_id": st.just(9),
    "buyer": st.just("Blue River"),
    "from_lane": st.just(8),
    "to_lane": st.just(8),
    "withdrawal_id": st.just(6),
    "receipt_id": st.just(6),
    "returned": st.booleans(),
    "booked_on": st.just(ON),
    "party": st.just("Chen Mo"),
    "party_account": st.just("6217"),
    "text": st.just("thank you"),
    "payout_id": st.just(6),
    "request_id": st.just(10),
    "how": st.just("refunded"),
    "confirm_on": st.none() | st.just(ON),
    "evidence_by": st.just(ON),
    "due_on": st.just(ON),
    "note": st.just("broken"),
    "items": st.just((ItemCount(line=1, quantity=2),)),
    "hold_id": st.just(6),
    "round": st.integers(0, 9),
    "release_on": st.just(ON),
    "frozen": st.none() | st.builds(events.Frozen, amount_minor=st.integers(1, 10**9), until=st.just(ON)),
    "order_no": st.just("s1"),
    "return_no": st.just("b1"),
    "parts": st.just(()),
    "finished": st.booleans(),
    "to_person": st.booleans(),
    "by_clock": st.booleans(),
    "app_id": st.just(3),
    "from_app_id": st.just(4),
    "from_merchant_id": st.just(5),
}


def of_kind(kind: type[Event]) -> st.SearchStrategy[Event]:
    fields = {name: MINOR if name.endswith("_minor") else _OTHER[name] for name, _ in kind.body_fields}
    return st.builds(kind, **OWNERS, **fields).map(_holds_at_most_what_is_paid)


def _holds_at_most_what_is_paid(event: Event) -> Event:
    """held_* is the part of a tender that an earlier authorization had reserved, so never more than the tender."""
    if isinstance(event, events.Captured | events.Escrowed):
        return replace(
            event,
            held_credit_minor=min(event.held_credit_minor, event.credit_minor),
            held_wallet_minor=min(event.held_wallet_minor, event.wallet_minor),
        )
    return event


MOVING = (
    events.ToppedUp, events.WithdrawalRequested, events.WithdrawalSettled, events.WithdrawalReturned, events.Repaid,
    events.RepaymentReturned,
    events.CreditBalancePaid, events.Authorized, events.Escrowed, events.Captured, events.Received, events.Voided,
    events.Refunded, events.RefundReversed, events.DisputeOpened, events.DisputeFunded, events.RequestClosed,
    events.WindowSwept, events.WindowReceived, events.RefundFunded, events.TransferReceived, events.TransferFunded,
    events.PaidOut, events.PayoutSettled, events.PayoutReturned, events.ReserveHeld, events.ReserveReleased,
    events.MerchantPaidBack, events.BooksSettled, events.PartnerSettled,
    events.ClaimBuyerPaid, events.ClaimBuyerSettled,
    events.FeesSwept, events.NetworkSettled,
    events.ReceiptUnallocated, events.ReceiptAllocated, events.ReceiptSentBack, events.SentBackAnswered, events.BankCharged,
    events.SharesGiven, events.ShareReceived, events.ShareReturned, events.ShareTakenBack,
    events.CampaignOpened, events.CampaignToppedUp, events.CampaignRecalled, events.MallSettled, events.StatePaid,
)  # fmt: skip
EVENTS = st.one_of([of_kind(kind) for kind in MOVING])
