"""The items of an account: what a line's sums consist of.

Purchases and installments wait for their cycle close; statements hold what is left of what was billed. Everything here
is state that a fold has derived, small because what is settled is dropped, and round-trips through JSON.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal

import msgspec

from florin.credit.particulars import Uncleared, Uplift
from florin.credit.terms import Bucket
from florin.events import CampaignPart, FeePayer, Place


class Purchase(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A purchase (item_id: its payment) in this cycle, and what of it is still owed and unbilled."""

    item_id: int
    bought_on: date
    unbilled_minor: int


class Installment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An installment to come. fee_minor: owed by the shopper if she bears it; in any case income only when it is
    billed. earns: what becomes income then, if that is not the fee: a fee up front is billed at once and earned by and by.
    borne: beside it, what a campaign bears of the fee and nobody is billed; income then too.
    """

    number: int
    bills_on: date
    principal_minor: int
    fee_minor: int
    earns_minor: int | None = None
    borne_minor: int = 0

    @property
    def own_income_minor(self) -> int:
        """What of the fee of shopper or merchant becomes income when it is billed."""
        return self.fee_minor if self.earns_minor is None else self.earns_minor

    @property
    def income_minor(self) -> int:
        """What becomes income when it is billed."""
        return self.own_income_minor + self.borne_minor


class Plan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A purchase in `count` installments: those that no statement has billed yet, in order. bought: the whole purchase.

    upfront_fee: the whole fee as agreed, where it is billed with the first installment. yearly_rate: of a declining plan,
    whose fee is interest, and priced_on: the day whose rate that is; repriced_on: from which day on it is a later version's.
    bill_on: the close of the bill that was put into installments, if one was. hardship: it is a part of the line's hardship
    plan; where nothing was bought (item_id 0) it is what was owed beside principal. subsidy: the part of the fee that a
    campaign bears, as agreed.
    """

    item_id: int
    count: int
    fee_payer: FeePayer
    future: tuple[Installment, ...]
    bought_minor: int = 0
    upfront_fee_minor: int = 0
    yearly_rate: Decimal = Decimal(0)
    priced_on: date | None = None
    repriced_on: date | None = None
    bill_on: date | None = None
    hardship: bool = False
    subsidy: CampaignPart | None = None

    @property
    def principal_minor(self) -> int:
        return sum(installment.principal_minor for installment in self.future)

    @property
    def deferred_fee_minor(self) -> int:
        """The fee that is not income yet, whoever bears it."""
        return sum(installment.income_minor for installment in self.future)

    @property
    def borne_minor(self) -> int:
        """What a campaign bears of the fee and is not income yet."""
        return sum(installment.borne_minor for installment in self.future)

    @property
    def fee_minor(self) -> int:
        """The fee not billed yet that the shopper owes."""
        return sum(installment.fee_minor for installment in self.future) if self.fee_payer == "shopper" else 0


class Billed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is left of one purchase, or of installment `number` of `count`, on a statement. bought: the whole purchase,
    if it is in installments.
    """

    item_id: int
    principal_minor: int
    fee_minor: int = 0
    number: int = 0
    count: int = 0
    bought_minor: int = 0


class Accrual(msgspec.Struct, frozen=True, kw_only=True):
    """Interest as an exact integer: minor units times days, under one version's rate."""

    version: int
    minor_days: int


class Statement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An issued statement and what is left of it.

    image, minimum: as issued, never changed. counted: payments and refunds that count toward the minimum. interest,
    penalty, cost: charged on this statement and unpaid. past_due: its minimum was unmet when its due day (and grace) had
    passed, and still is; late: it was once. in_full: paid in full in time, so it bears no interest. contingent: its
    interest is owed only once that has become impossible. accruals, penalties: what it has borne through
    accrued_through_on; posted, penalty_posted: the part of it that later statements have billed. converted: a part of it
    was put into installments. reminded: the days past due of the last step of `dunning` that was taken for it. arrears: the
    part of its minimum that older minimums had left unmet. deferred: the part that a re-age has left to later statements.
    """

    closes_on: date
    due_on: date
    image_minor: int
    minimum_minor: int
    accrued_through_on: date
    counted_minor: int = 0
    items: tuple[Billed, ...] = ()
    interest_minor: int = 0
    penalty_minor: int = 0
    cost_minor: int = 0
    past_due: bool = False
    late: bool = False
    in_full: bool = False
    contingent: bool = True
    accruals: tuple[Accrual, ...] = ()
    posted_minor: int = 0
    penalties: tuple[Accrual, ...] = ()
    penalty_posted_minor: int = 0
    late_charged_minor: int = 0
    late_charges: int = 0
    converted: bool = False
    reminded: int | None = None
    arrears_minor: int = 0
    deferred_minor: int = 0

    @property
    def unmet_minor(self) -> int:
        """What is missing of its minimum, even if less than that is left to pay."""
        return max(0, self.minimum_minor - self.deferred_minor - self.counted_minor)

    @property
    def principal_minor(self) -> int:
        return sum(item.principal_minor for item in self.items)

    @property
    def fee_minor(self) -> int:
        return sum(item.fee_minor for item in self.items)

    @property
    def remaining_minor(self) -> int:
        """What is left to pay of it: the remaining due, beside the image."""
        of_items_minor = sum([item.principal_minor + item.fee_minor for item in self.items])
        return of_items_minor + self.interest_minor + self.penalty_minor + self.cost_minor

    def left_minor(self, bucket: Bucket) -> int:
        """What is left of one kind of debt."""
        return int(getattr(self, f"{bucket}_minor"))


class Adjustment(msgspec.Struct, frozen=True, kw_only=True):
    """What a correction has shown an issued statement to bill too much (below zero) or too little; it is in what remains
    of that statement already, and the next statement tells it.
    """

    closes_on: date
    amount_minor: int


class LateOrder(msgspec.Struct, frozen=True, kw_only=True):
    """All late charges so far of one order that is not paid off, where they are by the order."""

    item_id: int
    late_charged_minor: int


class Claim(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An amount that was charged off and is owed all the same. closes_on: the statement that had billed it, if one had."""

    bucket: Bucket
    amount_minor: int
    item_id: int = 0
    closes_on: date | None = None

    @classmethod
    def of(cls, bucket: Bucket, amount_minor: int, item_id: int = 0, closes_on: date | None = None) -> Claim:
        return cls(bucket=bucket, amount_minor=amount_minor, item_id=item_id, closes_on=closes_on)


class Sold(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Claims that belong to a buyer. contact: where the customer pays him; claims: less what was passed on to him since."""

    on: date
    buyer: str
    contact: str
    claims: tuple[Claim, ...] = ()

    @property
    def left_minor(self) -> int:
        """What the buyer may still claim, as far as we know."""
        return sum(claim.amount_minor for claim in self.claims)


class WrittenOff(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that was charged off and is not recovered. on: first charged off; since_on: due day of the arrears then.

    accruals: interest borne on the claims' principal through accrued_through_on, if they bear it; posted: claimed of it.
    sold: claims that belong to somebody else now, and are among `claims` no more.
    """

    on: date
    since_on: date
    accrued_through_on: date
    claims: tuple[Claim, ...] = ()
    bears_interest: bool = False
    accruals: tuple[Accrual, ...] = ()
    posted_minor: int = 0
    sold: Sold | None = None


class Promise(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the customer promised to pay by the end of a day; paid: since."""

    amount_minor: int
    pay_by: date
    paid_minor: int = 0


class Case(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An open collection case. contacted_on: the days of the contacts of the last week. silent_until: the day after the last
    promise, judged or not.
    """

    opened_on: date
    assignee: str = ""
    promise: Promise | None = None
    promises_broken: int = 0
    contacted_on: tuple[date, ...] = ()
    silent_until: date = date.min


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """Collection stands still from a day through `until_on`."""

    from_on: date
    until_on: date


class ItemPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a purchase was made, while any of its principal is owed."""

    item_id: int
    place: Place


class Funded(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A joint loan (item_id: its payment), as long as anything of it is owed: what of it is a partner bank's.

    share, servicing: as agreed when it was drawn, parts per million. partner: its part of the principal on the books;
    charged_off: of the principal charged off. escrow: of the principal, what has begun and waits for receipt. minor_days:
    principal times days. income: the partner's part of all that was collected beside principal, in millionths of a minor
    unit; passed: what was passed on of it; serviced: what of that the lender keeps.
    """

    item_id: int
    agreement_id: int
    share_ppm: int
    servicing_ppm: int = 0
    partner_minor: int = 0
    charged_off_minor: int = 0
    escrow_minor: int = 0
    minor_days: int = 0
    income_millionths: int = 0
    passed_minor: int = 0
    serviced_minor: int = 0


class Account(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All items of a line. statements: oldest first. opens_on: of the cycle last seen. sequence: events folded;
    through_on: the latest day of any of them that was not the clock's own.

    limit: of the line. cycle_day, due_day: the line's own (0: the terms'), changed on moved_on. accruals: interest borne by
    this cycle's purchases through accrued_through_on, where the terms let them bear it; accruals_posted: the part paid
    already. grace_lost: full payments still missing until purchases are free of interest again. revolved: since the last
    close not all that was billed was paid in full in time. accrual_stopped: interest is off the books until arrears are paid.
    adjustments: told by the next statement. uplifts: above the limit, until the clock has recorded their end.
    uncleared: repayments that the bank may still take back, in the order in which they clear. pause: of collection, the last
    one, over or not. reaged_on: the days on which it was brought current by agreement. hardship_on: since when a hardship plan
    runs; None while none does. places: of the purchases of which principal is owed, where the terms had sub-limits.
    funded: joint loans; funded_minor_days: all principal times days, through funded_through_on, since there are any.
    """

    line_id: int
    program: str
    opens_on: date
    sequence: int
    through_on: date = date.min
    limit_minor: int = 0
    cycle_day: int = 0
    due_day: int = 0
    moved_on: date = date.min
    purchases: tuple[Purchase, ...] = ()
    plans: tuple[Plan, ...] = ()
    statements: tuple[Statement, ...] = ()
    credit_balance_minor: int = 0
    accruals: tuple[Accrual, ...] = ()
    accrued_through_on: date = date.min
    accruals_posted_minor: int = 0
    grace_lost: int = 0
    revolved: bool = False
    accrual_stopped: bool = False
    adjustments: tuple[Adjustment, ...] = ()
    late_orders: tuple[LateOrder, ...] = ()
    written_off: WrittenOff | None = None
    case: Case | None = None
    pause: Pause | None = None
    uplifts: tuple[Uplift, ...] = ()
    uncleared: tuple[Uncleared, ...] = ()
    reaged_on: tuple[date, ...] = ()
    hardship_on: date | None = None
    places: tuple[ItemPlace, ...] = ()
    funded: tuple[Funded, ...] = ()
    funded_minor_days: int = 0
    funded_through_on: date = date.min

    @property
    def uncleared_minor(self) -> int:
        """What repayments that have not cleared keep from the limit: on principal, and in the credit balance."""
        return sum(repayment.held_minor for repayment in self.uncleared)

    @property
    def cleared_balance_minor(self) -> int:
        """The credit balance without what has not cleared: what may go to the wallet."""
        return self.credit_balance_minor - sum(repayment.balance_minor for repayment in self.uncleared)

    @property
    def limit_in_force_minor(self) -> int:
        """The limit with its uplifts, on the day to which the clock has acted."""
        return self.limit_minor + sum(uplift.amount_minor for uplift in self.uplifts)

    @property
    def unbilled_principal_minor(self) -> int:
        return sum(p.unbilled_minor for p in self.purchases) + sum(p.principal_minor for p in self.plans)

    @property
    def principal_minor(self) -> int:
        """Owed, in whatever stage."""
        billed_minor = sum(s.principal_minor for s in self.statements)
        return self.unbilled_principal_minor + billed_minor + self.claim_minor("principal")

    @property
    def fee_minor(self) -> int:
        """Installment fees that the shopper owes, billed or not."""
        billed_minor = sum(s.fee_minor for s in self.statements)
        return sum(p.fee_minor for p in self.plans) + billed_minor + self.claim_minor("fee")

    @property
    def interest_minor(self) -> int:
        """Posted and unpaid; what accrues beside it is posted at the cycle close."""
        return sum(s.interest_minor for s in self.statements) + self.claim_minor("interest")

    @property
    def penalty_minor(self) -> int:
        """Late charges and daily penalties, posted and unpaid."""
        return sum(s.penalty_minor for s in self.statements) + self.claim_minor("penalty")

    @property
    def cost_minor(self) -> int:
        """Costs of collection, charged and unpaid."""
        return sum(s.cost_minor for s in self.statements) + self.claim_minor("cost")

    @property
    def due_minor(self) -> int:
        """What remains of all issued statements."""
        return sum(s.remaining_minor for s in self.statements)

    @property
    def owed_minor(self) -> int:
        """Principal, fees and all that is posted beside them."""
        unbilled_minor = self.unbilled_principal_minor + sum(p.fee_minor for p in self.plans)
        return unbilled_minor + self.due_minor + self.claimed_minor

    @property
    def claimed_minor(self) -> int:
        """What was charged off and is owed all the same."""
        return 0 if self.written_off is None else sum(claim.amount_minor for claim in self.written_off.claims)

    def claim_minor(self, bucket: Bucket, *, item_id: int = 0) -> int:
        """One kind of it; of one purchase, where it is named."""
        claims = () if self.written_off is None else self.written_off.claims
        return sum(
            claim.amount_minor
            for claim in claims
            if claim.bucket == bucket and (item_id == 0 or claim.item_id == item_id)
        )

    @property
    def sold(self) -> Sold | None:
        """What was sold of it; None while all that was charged off is the lender's."""
        return None if self.written_off is None else self.written_off.sold

    def past_due_on(self) -> date | None:
        """The due day of the oldest statement whose minimum is unmet."""
        return next((statement.due_on for statement in self.statements if statement.past_due), None)


def principal_by_item(account: Account) -> Counter[int]:
    """Principal owed, in whatever stage, purchase by purchase."""
    principal: Counter[int] = Counter()
    for purchase in account.purchases:
        principal[purchase.item_id] += purchase.unbilled_minor
    for plan in account.plans:
        principal[plan.item_id] += plan.principal_minor
    for statement in account.statements:
        for item in statement.items:
            principal[item.item_id] += item.principal_minor
    for claim in account.written_off.claims if account.written_off is not None else ():
        if claim.bucket == "principal":
            principal[claim.item_id] += claim.amount_minor
    return principal


def missed_minor(account: Account, closes_on: date) -> int:
    """How much of a statement's minimum is unmet: never more than what remains of it and of the older ones.

    A statement's minimum asks for what older ones left unmet too, and every payment counts toward both.
    """
    remaining = 0
    for statement in account.statements:
        remaining += 0 if statement.in_full else statement.remaining_minor
        if statement.closes_on == closes_on:
            return min(statement.unmet_minor, remaining)
    return 0


def days_past_due(account: Account, on: date) -> int:
    """Days since the due day of the oldest statement whose minimum is unmet; 0 while none is past due."""
    due_on = account.past_due_on()
    return 0 if due_on is None else max(0, (on - due_on).days)
