"""Contradictions: terms that make no sense, each alone or together, with what to write instead.

A rule yields the path of a field ("late_charges[1].cap_minor") and the fix. The types of the terms are checked before;
here it is about what they say. `program.py` finds the line in the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from msgspec.structs import replace

from florin.credit.plans import quote
from florin.credit.terms import DAYS_A_YEAR, InstallmentTerms, Program, Terms, Version
from florin.money import MILLION
from florin.money.dates import months_after

Wrong = tuple[str, str]

BUCKETS = ("cost", "penalty", "interest", "fee", "principal")
DAILY_RATE_MAX = Decimal("0.01")
YEARLY_RATE_MAX = DAILY_RATE_MAX * DAYS_A_YEAR
GRACE_DAYS_MAX = 27
DUE_DAYS_MAX = 60
HOLD_DAYS_MAX = 60
COUNT_MIN, COUNT_MAX = 2, 60
AMOUNT_MINOR_MAX = 10**12
YEARS_LOOKED_AT = 4
YEARS_MAX = 30

_A_DAY = timedelta(days=1)
_AMOUNTS = (
    "minimum_floor_minor",
    "minimum_whole_below_minor",
    "minimum_tolerance_minor",
    "full_payment_tolerance_minor",
    "over_limit_tolerance_minor",
    "installment_amount_minor_min",
)


def contradictions(terms: Terms) -> Iterator[Wrong]:
    """All that is wrong with the terms of one version."""
    for rules in (
        _cycle,
        _orders,
        _minimum,
        _interest,
        _late,
        _charge_off,
        _provision,
        _dunning,
        _collection,
        _relief,
        _waterfall,
        _installments,
        _conversions,
        _yearly_rate,
        _network,
        _line,
    ):
        yield from rules(terms)


def changes_refused(before: Terms, after: Terms) -> Iterator[Wrong]:
    """What no later version may change, because accounts hold items that were made under the earlier one."""
    if before.exposure_group != after.exposure_group:
        said = f'"{before.exposure_group}"'
        yield "exposure_group", f"keep {said}: lines are counted in it; or open a program of another name"
    for field in ("billing", "interest_start", "draws_on", "tender"):
        if getattr(before, field) != getattr(after, field):
            yield field, f"keep {getattr(before, field)!r} as in the version before, or open a program of another name"


def percent(share: Decimal) -> str:
    """A share as a person reads it: 18.25 %."""
    return f"{share * 100:.2f} %"


# ── the cycle, or the orders ──────────────────────────────────────────────────────────────────────────────────────


def _cycle(terms: Terms) -> Iterator[Wrong]:
    if not 1 <= terms.cycle_day <= 31:
        yield "cycle_day", "choose a day of the month from 1 to 31; 31 means its last day"
    if not 0 <= terms.due_day <= 31:
        yield "due_day", "choose a day of the month from 1 to 31; 31 means its last day"
    if not 0 <= terms.due_days <= DUE_DAYS_MAX:
        yield "due_days", f"choose 1 to {DUE_DAYS_MAX} days after the close"
    if not 0 <= terms.grace_days <= GRACE_DAYS_MAX:
        yield "grace_days", f"choose 0 to {GRACE_DAYS_MAX} days, so that grace ends before the next statement"
    if terms.billing == "order":
        return
    if not terms.due_day and not terms.due_days:
        yield "due_day", "write either `due_day`, from 1 to 31, or `due_days`, so many days after the close"
    if terms.due_day and terms.due_days:
        yield "due_days", "`due_day` says it already: write one of the two, and 0 for the other"
    for field in ("order_interval_days", "order_notice_days"):
        if getattr(terms, field):
            yield field, 'only an order without a bill has it: write 0, or billing = "order"'
    days = _days_left_by_grace(terms)
    if terms.grace_days and days is not None and days < 1:
        yield (
            "grace_days",
            f"write {max(0, terms.grace_days + days - 1)} or less: the last day of grace must come before the next close",
        )


def _days_left_by_grace(terms: Terms) -> int | None:
    """The fewest days from the last day of grace to the next close, over some years; None for days out of range."""
    in_range = 1 <= terms.cycle_day <= 31 and 0 <= terms.due_day <= 31 and 0 <= terms.due_days <= DUE_DAYS_MAX
    if not in_range or not (terms.due_day or terms.due_days) or not 0 <= terms.grace_days <= GRACE_DAYS_MAX:
        return None
    program = Program(
        name="",
        title_en="",
        title_zh="",
        currency="",
        versions=(Version(from_on=date.min, applies_to="new_cycles", terms=terms),),
    )
    close_on, fewest = date(2026, 12, 1), None
    for _ in range(12 * YEARS_LOOKED_AT):
        close_on = program.next_close_on(close_on)
        last_on = program.due_on(close_on) + timedelta(days=terms.grace_days)
        left = (program.next_close_on(close_on) - last_on).days
        fewest = left if fewest is None else min(fewest, left)
    return fewest


def _orders(terms: Terms) -> Iterator[Wrong]:
    if terms.billing != "order":
        return
    for field in ("due_day", "due_days"):
        if getattr(terms, field):
            yield field, 'write 0: an order has due days of its own, counted from the purchase, or billing = "cycle"'
    interval = terms.order_interval_days or (months_after(date(2026, 2, 1), 1) - date(2026, 2, 1)).days
    if not 0 <= terms.order_interval_days <= DAYS_A_YEAR:
        yield "order_interval_days", f"write 1 to {DAYS_A_YEAR} days between installments, or 0 for a month"
    if not 0 <= terms.order_notice_days < interval:
        yield "order_notice_days", f"write 0 to {interval - 1} days, less than there are between installments"
    if terms.grace_days >= interval:
        yield "grace_days", f"write {interval - 1} or less: grace must end before the next installment is due"


# ── the minimum ───────────────────────────────────────────────────────────────────────────────────────────────────


def _minimum(terms: Terms) -> Iterator[Wrong]:
    if not 0 < terms.minimum_share <= 1:
        yield "minimum_share", "write a share above 0 and at most 1, as in 0.10 for 10 %"
    if len(set(terms.minimum_in_full)) < len(terms.minimum_in_full):
        yield "minimum_in_full", "name each kind once"
    for field in _AMOUNTS:
        if not 0 <= getattr(terms, field) <= AMOUNT_MINOR_MAX:
            yield field, "write an amount of minor units, zero or more"
    if terms.minimum_floor_minor and terms.minimum_tolerance_minor >= terms.minimum_floor_minor:
        yield (
            "minimum_tolerance_minor",
            "write less than `minimum_floor_minor`, or a minimum at the floor is never missed",
        )


# ── interest ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _interest(terms: Terms) -> Iterator[Wrong]:
    if not 0 <= terms.interest_daily_rate <= DAILY_RATE_MAX:
        yield "interest_daily_rate", "write the daily rate as a share, as in 0.0005 for 0.05 % a day (at most 0.01)"
    if terms.interest_daily_rate and "principal" not in terms.interest_on:
        yield "interest_on", 'name "principal", which interest is for, or write interest_daily_rate = 0'
    if len(set(terms.interest_on)) < len(terms.interest_on):
        yield "interest_on", "name each kind of debt once"
    from_posting = terms.interest_start == "posting"
    if from_posting and terms.billing == "order":
        yield "interest_start", 'write "due": an order without a bill bears interest from its due day'
    elif from_posting and terms.interest_free == "paid_in_full" and not terms.due_day and not terms.due_days:
        yield "interest_free", 'give days to pay in (`due_day` or `due_days`), or write interest_free = "never"'
    if not from_posting and terms.interest_free == "never":
        yield "interest_free", 'write "paid_in_full", or interest_start = "posting": until the due day nothing is borne'
    if terms.grace_lost_for < 0:
        yield "grace_lost_for", "write how many full payments bring grace back, zero or more"
    elif terms.grace_lost_for and not (from_posting and terms.interest_free == "paid_in_full"):
        yield (
            "grace_lost_for",
            'write 0: grace can be lost only with interest_start = "posting" and interest_free = "paid_in_full"',
        )
    if terms.non_accrual_days < 0 or 0 < terms.non_accrual_days <= terms.grace_days:
        yield "non_accrual_days", f"write 0 for never, or more days past due than grace, {terms.grace_days}, allows"


# ── being late, and the order of clearing ─────────────────────────────────────────────────────────────────────────


def _late(terms: Terms) -> Iterator[Wrong]:
    if not 0 <= terms.penalty_daily_rate <= DAILY_RATE_MAX:
        yield "penalty_daily_rate", "write the daily rate as a share, as in 0.0005 for 0.05 % a day (at most 0.01)"
    before = terms.grace_days
    for index, charge in enumerate(terms.late_charges):
        path = f"late_charges[{index}]"
        if charge.days_past_due <= before:
            what = "the late charge before" if index else "the last day of grace"
            yield f"{path}.days_past_due", f"write {before + 1} or more: it must come after {what}, day {before}"
        before = max(before, charge.days_past_due)
        for name in ("share", "cap_share"):
            if not 0 <= getattr(charge, name) <= 1:
                yield f"{path}.{name}", "write a share from 0 to 1, as in 0.05 for 5 %"
        for name in ("amount_minor", "floor_minor", "cap_minor"):
            if not 0 <= getattr(charge, name) <= AMOUNT_MINOR_MAX:
                yield f"{path}.{name}", "write an amount of minor units, zero or more"
        if charge.share == charge.amount_minor == charge.floor_minor == 0:
            yield path, "give it a `share`, an `amount_minor` or a `floor_minor`, or take it away"
        least = max(charge.floor_minor, charge.amount_minor)
        if 0 < charge.cap_minor < least:
            yield f"{path}.cap_minor", f"write {least} or more: it always charges that much"
        if charge.per == "order" and terms.billing != "order":
            yield f"{path}.per", 'write "statement": only with billing = "order" has each order its own charges'
        if charge.per == "statement" and terms.billing == "order":
            yield f"{path}.per", 'write "order": without a bill each order has its own charges'


def _provision(terms: Terms) -> Iterator[Wrong]:
    before = -1
    for index, each in enumerate(terms.provision_rates):
        path = f"provision_rates[{index}]"
        if each.from_days_past_due <= before:
            yield f"{path}.from_days_past_due", f"write {before + 1} or more: rates stand in the order of days"
        if not 0 <= each.rate <= 1:
            yield f"{path}.rate", "write a share from 0 to 1, as in 0.25 for 25 %"
        before = max(before, each.from_days_past_due)


def _dunning(terms: Terms) -> Iterator[Wrong]:
    before = -DUE_DAYS_MAX - 1
    for index, step in enumerate(terms.dunning):
        path = f"dunning[{index}]"
        if not -DUE_DAYS_MAX <= step.days_past_due <= DAYS_A_YEAR:
            yield (
                f"{path}.days_past_due",
                f"write {-DUE_DAYS_MAX} to {DAYS_A_YEAR} days; below zero is before the due day",
            )
        elif step.days_past_due <= before:
            yield f"{path}.days_past_due", f"write {before + 1} or more: steps stand in the order of days"
        elif 0 < step.days_past_due <= terms.grace_days <= GRACE_DAYS_MAX:
            yield f"{path}.days_past_due", f"write {terms.grace_days + 1} or more: within grace nobody is late"
        before = max(before, step.days_past_due)
        if (step.text in ("due_soon", "due_today")) != (step.days_past_due <= 0):
            fit = '"due_soon" or "due_today"' if step.days_past_due <= 0 else '"past_due", "urgent" or "final"'
            yield (
                f"{path}.text",
                f"write {fit}: the step is {'before' if step.days_past_due <= 0 else 'after'} the due day",
            )
    if len(set(terms.pause_stops)) < len(terms.pause_stops):
        yield "pause_stops", "name each once"
    if not 1 <= terms.pause_days_max <= DAYS_A_YEAR:
        yield "pause_days_max", f"write 1 to {DAYS_A_YEAR} days"


def _collection(terms: Terms) -> Iterator[Wrong]:
    if terms.collection_days < 0 or 0 < terms.collection_days <= terms.grace_days:
        yield "collection_days", f"write 0 for no cases, or {terms.grace_days + 1} or more: it comes after grace"
    if not 0 <= terms.contact_from_hour < terms.contact_until_hour <= 24:
        yield "contact_until_hour", "write hours of the day, from 0 to 24, the first before the last"
    if not 1 <= terms.contacts_a_day <= terms.contacts_a_week:
        yield "contacts_a_week", "write 1 or more a day, and no fewer a week"
    if not 1 <= terms.promise_days_max <= DAYS_A_YEAR:
        yield "promise_days_max", f"write 1 to {DAYS_A_YEAR} days"


def _charge_off(terms: Terms) -> Iterator[Wrong]:
    if terms.charge_off_days < 0 or 0 < terms.charge_off_days <= max(terms.grace_days, terms.non_accrual_days):
        least = max(terms.grace_days, terms.non_accrual_days) + 1
        yield "charge_off_days", f"write 0 for never, or {least} or more: it comes after grace and after non-accrual"
    if terms.charge_off_mode == "principal" and terms.charge_off_interest == "memo":
        yield "charge_off_interest", 'write "stop": charge_off_mode = "principal" waives interest'


def _relief(terms: Terms) -> Iterator[Wrong]:
    if not 0 <= terms.reage_min_paid <= COUNT_MAX:
        yield "reage_min_paid", f"write 0 to {COUNT_MAX} least payments"
    if terms.reage_per_years and terms.billing == "order":
        yield "reage_per_years", "write []: without a bill nothing asks for the arrears again; use a hardship plan"
    for index, most in enumerate(terms.reage_per_years):
        if most.count < 1:
            yield f"reage_per_years[{index}].count", "write 1 or more, or take it away"
        if not 1 <= most.years <= YEARS_MAX:
            yield f"reage_per_years[{index}].years", f"write 1 to {YEARS_MAX} years"
    if any(not COUNT_MIN <= count <= COUNT_MAX for count in terms.hardship_counts):
        yield "hardship_counts", f"offer {COUNT_MIN} to {COUNT_MAX} installments"
    if len(set(terms.hardship_counts)) < len(terms.hardship_counts):
        yield "hardship_counts", "offer each count once"
    if not 0 <= terms.hardship_yearly_rate <= YEARLY_RATE_MAX:
        yield "hardship_yearly_rate", "write the yearly rate as a share, as in 0.06 for 6 %, or 0 for none"
    elif terms.yearly_rate_max is not None and terms.hardship_yearly_rate > terms.yearly_rate_max > 0:
        yield "hardship_yearly_rate", f"write no more than `yearly_rate_max`, {percent(terms.yearly_rate_max)}"
    grace_days = min(terms.grace_days, GRACE_DAYS_MAX)
    if not grace_days < terms.hardship_missed_days <= DAYS_A_YEAR:
        yield "hardship_missed_days", f"write {grace_days + 1} to {DAYS_A_YEAR} days: it comes after grace"


def _waterfall(terms: Terms) -> Iterator[Wrong]:
    if not 0 <= terms.repayment_hold_days <= HOLD_DAYS_MAX:
        yield "repayment_hold_days", f"hold a repayment for 0 to {HOLD_DAYS_MAX} days"
    for index, regime in enumerate(terms.waterfall):
        if sorted(regime.order) != sorted(BUCKETS):
            named = " and ".join([", ".join(f'"{bucket}"' for bucket in BUCKETS[:-1]), f'"{BUCKETS[-1]}"'])
            yield f"waterfall[{index}].order", f"name each of {named} once"
    starts = [regime.from_days_past_due for regime in terms.waterfall]
    if not starts or starts[0] != 0:
        yield "waterfall", "begin with a regime of `from_days_past_due = 0`"
    for index in range(1, len(starts)):
        if starts[index] <= starts[index - 1]:
            yield (
                f"waterfall[{index}].from_days_past_due",
                f"write more than {starts[index - 1]}, where the regime before begins",
            )


# ── offers, and the yearly cost ───────────────────────────────────────────────────────────────────────────────────


def _installments(terms: Terms) -> Iterator[Wrong]:
    yield from _offers("installments", terms.installments)
    if not 0 <= terms.down_payment_share < 1:
        yield "down_payment_share", "write a share from 0 to below 1, as in 0.25 for a quarter"
    elif terms.down_payment_share and not terms.installments:
        yield "down_payment_share", "offer counts in `installments`, which are of the rest, or write 0"
    if terms.installments and terms.installment_amount_minor_min > terms.limit_minor_max:
        yield (
            "installment_amount_minor_min",
            "write no more than `limit_minor_max`, or nobody can ever be offered a plan",
        )


def _offers(field: str, offers: tuple[InstallmentTerms, ...]) -> Iterator[Wrong]:
    seen: set[int] = set()
    for index, offer in enumerate(offers):
        if not COUNT_MIN <= offer.count <= COUNT_MAX:
            yield f"{field}[{index}].count", f"offer {COUNT_MIN} to {COUNT_MAX} installments"
        if offer.count in seen:
            yield f"{field}[{index}].count", "offer each count once"
        seen.add(offer.count)
        if not 0 <= offer.fee_rate < 1:
            yield f"{field}[{index}].fee_rate", "write it as a share of the principal, as in 0.075 for 7.5 %"
        yield from _declining(f"{field}[{index}]", offer)


def _conversions(terms: Terms) -> Iterator[Wrong]:
    yield from _offers("convert_installments", terms.convert_installments)
    if not 0 <= terms.plan_payoff_charge <= 1:
        yield "plan_payoff_charge", "write a share from 0 to 1, as in 0.01 for 1 %"
    if len(set(terms.convert)) < len(terms.convert):
        yield "convert", "name each once"
    if not 0 < terms.convert_share_max <= 1:
        yield "convert_share_max", "write a share above 0 and at most 1, as in 0.90 for 90 %"
    if not 0 <= terms.convert_amount_minor_min <= AMOUNT_MINOR_MAX:
        yield "convert_amount_minor_min", "write an amount of minor units, zero or more"
    if terms.convert and terms.billing == "order":
        yield "convert", "write []: an order without a bill is due by itself, in the installments it was bought in"
    elif terms.convert and not (terms.convert_installments or terms.installments):
        yield "convert", "offer counts in `installments` or `convert_installments`, or write []"


def _declining(path: str, offer: InstallmentTerms) -> Iterator[Wrong]:
    if offer.method == "flat":
        if offer.yearly_rate:
            yield f"{path}.yearly_rate", 'write method = "declining", or 0: a flat fee is `fee_rate` of the principal'
        return
    if not 0 < offer.yearly_rate <= YEARLY_RATE_MAX:
        yield f"{path}.yearly_rate", "write the yearly rate as a share, as in 0.12 for 12 % (above 0, at most 3.65)"
    if offer.fee_rate:
        yield f"{path}.fee_rate", 'write 0: by method "declining" the price is `yearly_rate`'
    if offer.fee_timing == "upfront":
        yield f"{path}.fee_timing", 'write "each": interest is due as it is borne'


def _yearly_rate(terms: Terms) -> Iterator[Wrong]:
    rates = [_offer_rate(terms, index) for index in range(len(terms.installments))]
    for index, rate in enumerate(rates):
        if rate is not None and not rate.is_finite():
            yield f"installments[{index}].fee_rate", "no yearly rate can say what it costs: lower it"
    if terms.yearly_rate_max is None:
        return
    if terms.yearly_rate_max <= 0:
        yield "yearly_rate_max", "write a share above 0, as in 0.24 for 24 %, or leave it away"
        return
    if max(terms.interest_daily_rate, terms.penalty_daily_rate) > DAILY_RATE_MAX:
        return
    yearly = terms.yearly_rate()
    if yearly > terms.yearly_rate_max:
        yield (
            "yearly_rate_max",
            f"a day's interest and penalty come to {percent(yearly)} a year: lower them, or write {yearly:f} or more",
        )
    for index, offer in enumerate(terms.installments):
        rate = rates[index]
        if rate is not None and rate.is_finite() and rate > terms.yearly_rate_max:
            yield (
                f"installments[{index}].{'fee_rate' if offer.method == 'flat' else 'yearly_rate'}",
                f"{offer.count} installments cost {percent(rate)} a year ({terms.rate_convention}), above "
                f"`yearly_rate_max` of {percent(terms.yearly_rate_max)}: lower {'the fee' if offer.method == 'flat' else 'it'}",
            )


def _offer_rate(terms: Terms, index: int) -> Decimal | None:
    """The annualized rate of an offer on a large purchase, where a rounding of fen moves nothing; infinite when it has
    more digits than anybody could read, None when the offer is wrong anyway.
    """
    offer = terms.installments[index]
    priced = 0 <= offer.fee_rate < 1 and (offer.method == "flat" or 0 < offer.yearly_rate <= YEARLY_RATE_MAX)
    if not (COUNT_MIN <= offer.count <= COUNT_MAX and priced):
        return None
    if not 0 <= terms.order_interval_days <= DAYS_A_YEAR:
        return None
    alone = replace(terms, installment_amount_minor_min=0, installments=(offer,))
    try:
        found = quote(AMOUNT_MINOR_MAX, offer.count, alone)
    except (ArithmeticError, ValueError):
        return Decimal("Infinity")
    return None if found is None else found.annualized_rate


# ── the line ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _network(terms: Terms) -> Iterator[Wrong]:
    for field, rate in (("interchange_rate", terms.interchange_rate), ("network_rate", terms.network_rate)):
        if not 0 <= rate < 1 or rate * MILLION % 1:
            yield field, "write a share from 0 to below 1 with at most six decimals, as in 0.0045 for 0.45 %"
        if rate and terms.tender != "card":
            yield field, 'write 0, or tender = "card": nothing else goes over a network'


def _line(terms: Terms) -> Iterator[Wrong]:
    if not 0 <= terms.limit_minor_max <= AMOUNT_MINOR_MAX:
        yield "limit_minor_max", "write an amount of minor units, zero or more"
    if not 0 <= terms.limit_minor_min <= terms.limit_minor_max:
        yield "limit_minor_min", "write an amount from zero up to `limit_minor_max`"
    yield from _sub_limits(terms)
    if not 0 <= terms.exposure_group_limit_minor <= AMOUNT_MINOR_MAX:
        yield "exposure_group_limit_minor", "write an amount of minor units, zero or more"
    elif terms.exposure_group_limit_minor and not terms.exposure_group:
        yield "exposure_group_limit_minor", "name the group in `exposure_group`, or leave this away"
    for goods, days in terms.auto_confirm_days.items():
        if not 0 <= days <= DAYS_A_YEAR:
            yield "auto_confirm_days", f"give `{goods}` 0 to {DAYS_A_YEAR} days"
    if "other" not in terms.auto_confirm_days:
        yield "auto_confirm_days", "add an entry `other` for goods not listed"
    if not 0 < terms.own_share_min <= 1:
        yield "own_share_min", "write the least share of a joint loan that is the house's own: above 0, up to 1"
    if len(set(terms.autopay_sources)) < len(terms.autopay_sources):
        yield "autopay_sources", "name each source once"
    if not 1 <= terms.autopay_attempts <= 2:
        yield "autopay_attempts", "write 1, when the due day begins, or 2, once more before it ends"


def _sub_limits(terms: Terms) -> Iterator[Wrong]:
    seen: set[tuple[str, str, str]] = set()
    for index, each in enumerate(terms.sub_limits):
        path, covered = f"sub_limits[{index}]", (each.market, each.category, each.channel)
        if covered == ("", "", ""):
            yield path, "name a `market`, a `category` or a `channel`: for all purchases there is the limit itself"
        elif covered in seen:
            yield path, "give each combination of market, category and channel once"
        seen.add(covered)
        if (each.limit_minor is None) == (each.share is None):
            yield path, "give `limit_minor` or `share`, one of the two"
        if each.limit_minor is not None and not 0 <= each.limit_minor <= AMOUNT_MINOR_MAX:
            yield f"{path}.limit_minor", "write an amount of minor units, zero or more"
        if each.share is not None and not 0 <= each.share <= 1:
            yield f"{path}.share", "write a share of the limit from 0 to 1, as in 0.30 for 30 %"
