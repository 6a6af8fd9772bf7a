"""What events are made of: the words and the small agreements that several of them carry."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

FeePayer = Literal["shopper", "merchant"]
PlanMethod = Literal["flat", "declining"]
FeeTiming = Literal["each", "upfront"]
RepaymentSource = Literal["wallet", "bank"]
ReminderChannel = Literal["message", "letter"]
ReminderText = Literal["due_soon", "due_today", "past_due", "urgent", "final"]
Channel = Literal["online", "offline"]
Sponsor = Literal["mall", "state", "merchant"]
CampaignKind = Literal["coupon", "fee_subsidy", "rate_subsidy"]
RefundOrder = Literal["credit_first", "proportional", "coupon_last"]
FeeName = Literal[
    "mdr", "credit_fee", "commission", "software_fee", "interchange", "network_acquirer", "network_issuer"
]
FeeBound = Literal["", "floor", "cap"]


class CampaignPart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The part of a payment that a campaign bears, and who is behind it. held: what an authorization had reserved of it.

    year: the calendar year in which it counts against the person's cap; 0: the campaign has none.
    of_parent: the part of a coupon that was used once over several orders; it counts as no use of its own.
    """

    campaign_id: int
    amount_minor: int
    held_minor: int = 0
    sponsor: Sponsor = "mall"
    year: int = 0
    of_parent: bool = False

    @property
    def funded_minor(self) -> int:
        """What somebody pays in for the merchant: all of it, or nothing of his own discount."""
        return 0 if self.sponsor == "merchant" else self.amount_minor


class MonthCounted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of which rule's cap of a month a purchase takes a part: the first day of the month in which it was made, and which sales
    the rule is about (empty: any).
    """

    month_on: date
    market: str = ""
    category: str = ""
    channel: str = ""


class CampaignTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a campaign gives, to whom, and when: from opens_on, and no more from closes_on.

    merchants, programs, counts: where it holds; empty: everywhere. amount_off, threshold, per_person_max: of a coupon, how
    much, from which order amount, how often a person (0: as often as she likes). share_ppm: of a fee subsidy, parts per
    million of the installment fee that the shopper would bear. yearly_rate_ppm: of a rate subsidy, parts per million a year of
    what is lent, as long as it is (10,000 is one percentage point), and never more than the fee. person_year_minor_max: what a
    subsidy bears at most for one person in a calendar year; 0: as much as the budget has. refund_order: None is the merchant's.
    warning: a rest below it is worth a word. slices: into how many rows the budget is cut, so that payments at once do not wait
    for one row.
    """

    kind: CampaignKind
    sponsor: Sponsor
    opens_on: date
    closes_on: date
    merchants: tuple[int, ...] = ()
    programs: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    amount_off_minor: int = 0
    threshold_minor: int = 0
    per_person_max: int = 0
    share_ppm: int = 0
    yearly_rate_ppm: int = 0
    person_year_minor_max: int = 0
    refund_order: RefundOrder | None = None
    warning_minor: int = 0
    slices: int = 8


class InstallmentChoice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a purchase is spread: `count` installments, one fee for all of them, and who pays that fee.

    method: a flat fee, or interest at yearly_rate on what is left (`declining`), which is then all of the fee.
    fee_timing: a part of the fee with each installment, or all of it with the first. subsidy: the part of a fee of the
    shopper's that a campaign bears; he owes the rest.
    """

    count: int
    fee_minor: int
    fee_payer: FeePayer
    method: PlanMethod = "flat"
    yearly_rate: Decimal = Decimal(0)
    fee_timing: FeeTiming = "each"
    subsidy: CampaignPart | None = None

    @property
    def shopper_fee_minor(self) -> int:
        """What the shopper owes of the fee."""
        if self.fee_payer == "merchant":
            return 0
        return self.fee_minor - (0 if self.subsidy is None else self.subsidy.amount_minor)


class ItemCount(msgspec.Struct, frozen=True, kw_only=True):
    """So many of one line of an order. line: its position, from 1."""

    line: int
    quantity: int


class EvidenceFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that somebody shows. digest: SHA-256 in hexadecimal, under which it is kept. type: its media type. size: bytes."""

    digest: str
    name: str
    type: str
    size: int


class FeePart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fee that an event charges, or gives back: of so much credit and so much money (wallet, and coupons that somebody pays
    in), at a rate in parts per million. Minor units.

    rule: its place in the plan of that day; 0 is the first. refunded: it is given back with a refund, in proportion. bound: why
    it is not what the rate comes to. Of all captures of one payment the amounts add up to the fee on all of it, rounded once.
    """

    fee: FeeName
    rule: int = 0
    rate_ppm: int = 0
    credit_minor: int = 0
    wallet_minor: int = 0
    amount_minor: int = 0
    refunded: bool = False
    bound: FeeBound = ""


class LoanFunding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a joint loan is funded: under which agreement, with what share of it (parts per million) from the partner bank.

    servicing_ppm: what the lender keeps of the income that it collects for the partner. partner_minor: the partner's part
    of this event's amount.
    """

    agreement_id: int
    share_ppm: int
    partner_minor: int
    servicing_ppm: int = 0


class PlanPayoff(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was agreed when one plan was paid off: the plan of a purchase, or of the bill closed on a day; the fee that was
    still owed, and the charge for paying early. subsidy_back: what goes back to a campaign of a fee that is not owed any more.
    """

    item_id: int = 0
    closes_on: date | None = None
    fee_minor: int = 0
    charge_minor: int = 0
    subsidy_back: CampaignPart | None = None


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where something was bought: the merchant's market and kind of goods as they were then, and the channel."""

    market: str = ""
    category: str = ""
    channel: Channel = "online"


class SharePart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one receiver gets of a sale: a merchant by his app, or a person. receiver_id: of the merchant, or of the person.

    app_id: of a merchant the app by which he is named, or his own number where the wire names him by that; 0 for a person.
    amount_minor: above zero. title: what the receiver reads.
    """

    receiver_id: int
    amount_minor: int
    app_id: int = 0
    title: str = ""


class Frozen(msgspec.Struct, frozen=True, kw_only=True):
    """What of a sale is kept for sharing: until the merchant shares or releases it, else until a day."""

    amount_minor: int
    until: date
