"""What the pages of installments show: plans that run, what may become one, what a payoff takes, and autopay.

Everything is asked of the rules that the engine asks (`florin.credit.convert`, `plan_payoff`), so a page offers what the
command will do, and refuses with the same sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from florin.credit import convert, plan_payoff
from florin.credit.convert import ConversionQuote
from florin.credit.items import Account, Plan
from florin.credit.plan_payoff import PlanPayoffQuote
from florin.credit.terms import Program
from florin.events import RepaymentSource
from florin.events.refusals import Language, Refusal
from florin.money import yuan_text
from florin.money.at import At
from florin.pages.show import full_date, money, percent
from florin.pages.texts import text
from florin.queries.shopper import Order

# Every order of sources that she may choose; as it stands in the form.
AUTOPAY: dict[str, tuple[RepaymentSource, ...]] = {
    "off": (),
    "wallet": ("wallet",),
    "bank": ("bank",),
    "wallet-bank": ("wallet", "bank"),
    "bank-wallet": ("bank", "wallet"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A purchase, or the bill of a day (item_id 0). address: how the pages name it."""

    item_id: int
    closes_on: date | None
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanShown:
    """A plan that runs. to_pay: what of it is on no bill yet. address: empty where it is not paid off alone."""

    title: str
    sentence: str
    to_pay: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertibleShown:
    title: str
    sentence: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    autopay: str
    hardship: str
    plans: tuple[PlanShown, ...]
    convertible: tuple[ConvertibleShown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CountOffered:
    """One count, with each of its installments."""

    value: int
    title: str
    note: str
    rate: str
    rate_label: str
    parts: tuple[tuple[str, str], ...]
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionShown:
    """What may be converted and what that comes to. amount_text: for the form; empty where it is the whole purchase."""

    title: str
    facts: tuple[tuple[str, str], ...]
    amount_minor: int
    amount_text: str
    bounds: str
    counts: tuple[CountOffered, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoffShown:
    title: str
    facts: tuple[tuple[str, str], ...]
    total: str
    total_minor: int
    good_to: str
    billed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AutopayShown:
    """One order of sources that can be chosen."""

    value: str
    title: str
    note: str
    chosen: bool


def subject_of(address: str) -> Subject | None:
    """What an address names: `12345`, a purchase; `bill-2026-04-01`, a bill. None for anything else."""
    if address.isascii() and address.isdigit() and len(address) < 20:
        return Subject(item_id=int(address), closes_on=None, address=address)
    try:
        closes_on = date.fromisoformat(address.removeprefix("bill-"))
    except ValueError:
        return None
    return Subject(item_id=0, closes_on=closes_on, address=f"bill-{closes_on}")


def purchases_of(account: Account) -> list[int]:
    """The purchases that these pages speak of."""
    items = {purchase.item_id for purchase in account.purchases} | {plan.item_id for plan in account.plans}
    items |= {item.item_id for statement in account.statements[-1:] for item in statement.items}
    return sorted(items - {0})


def overview_of(
    account: Account,
    orders: Mapping[int, Order],
    program: Program,
    sources: tuple[RepaymentSource, ...],
    at: At,
    language: Language,
) -> Overview:
    hardship = account.hardship_on
    return Overview(
        autopay=text(language, f"autopay.{_value_of(sources)}"),
        hardship="" if hardship is None else text(language, "plans.hardship", date=full_date(hardship, language)),
        plans=tuple(_plans(account, orders, language)),
        convertible=tuple(_convertible(account, orders, program, at, language)),
    )


def conversion_of(
    account: Account,
    subject: Subject,
    amount_minor: int | None,
    orders: Mapping[int, Order],
    program: Program,
    at: At,
    language: Language,
    *,
    chosen: int = 0,
) -> ConversionShown:
    """Every count that is offered for it, each with its installments; or why there is none."""
    found = [_preview(account, subject, amount_minor, count, at.on, program) for count in _counts(program, at.on)]
    quotes = [quote for quote in found if isinstance(quote, ConversionQuote)]
    refusals = [quote for quote in found if isinstance(quote, Refusal)]
    title = _title(subject, orders, language)
    if not quotes:
        refusal = (
            refusals[0] if refusals else convert.ConversionNotOffered(what="bill" if subject.closes_on else "purchase")
        )
        return ConversionShown(
            title=title,
            facts=(),
            amount_minor=0,
            amount_text="",
            bounds="",
            counts=(),
            reason=refusal.sentence(language),
        )
    first = quotes[0]
    facts = [
        (text(language, "convert.amount"), money(first.amount_minor, language)),
        (text(language, "convert.first_bill"), full_date(first.first_bill_on, language)),
    ]
    if first.due_on is not None:
        due = full_date(first.due_on, language)
        facts.append((text(language, "convert.until"), due))
        facts.append((text(language, "convert.payable_now", date=due), money(first.payable_now_minor, language)))
    counts = [_count(quote, language) for quote in quotes]
    picked = chosen if chosen in {count.value for count in counts} else counts[0].value
    least, most = money(first.least_minor, language), money(first.most_minor, language)
    return ConversionShown(
        title=title,
        facts=tuple(facts),
        amount_minor=first.amount_minor,
        amount_text=yuan_text(first.amount_minor) if subject.closes_on else "",
        bounds=text(language, "convert.bounds", least=least, most=most),
        counts=tuple(replace(count, chosen=count.value == picked) for count in counts),
        reason="",
    )


def payoff_of(
    account: Account, subject: Subject, orders: Mapping[int, Order], program: Program, at: At, language: Language
) -> PayoffShown | None:
    """What it takes to pay the plan off; None when no installments are to come."""
    quote = plan_payoff.quote(account, at.on, program, item_id=subject.item_id, closes_on=subject.closes_on)
    if quote is None:
        return None
    return PayoffShown(
        title=_title(subject, orders, language),
        facts=tuple(_payoff_facts(quote, language)),
        total=money(quote.total_minor, language),
        total_minor=quote.total_minor,
        good_to=text(language, "payoff.good_to", date=full_date(quote.good_through_on, language)),
        billed=text(language, "payoff.billed", amount=money(quote.billed_minor, language))
        if quote.billed_minor
        else "",
    )


def autopay_of(sources: tuple[RepaymentSource, ...], language: Language) -> tuple[AutopayShown, ...]:
    chosen = _value_of(sources)
    return tuple(
        AutopayShown(
            value=value,
            title=text(language, f"autopay.{value}"),
            note=text(language, f"autopay.{value}.note"),
            chosen=value == chosen,
        )
        for value in AUTOPAY
    )


def _value_of(sources: tuple[RepaymentSource, ...]) -> str:
    return next(value for value, order in AUTOPAY.items() if order == sources)


def _preview(
    account: Account, subject: Subject, amount_minor: int | None, count: int, on: date, program: Program
) -> ConversionQuote | Refusal:
    if subject.closes_on is None:
        return convert.preview_purchase(account, subject.item_id, count, on, program)
    return convert.preview_bill(account, subject.closes_on, amount_minor, count, on, program)


def _counts(program: Program, on: date) -> list[int]:
    terms = program.terms_on(on)
    return sorted(offer.count for offer in terms.convert_installments or terms.installments)


def _title(subject: Subject, orders: Mapping[int, Order], language: Language) -> str:
    if subject.closes_on is not None:
        return text(language, "bill.of", date=full_date(subject.closes_on, language))
    order = orders.get(subject.item_id)
    return text(language, "bill.line.purchase") if order is None else order.subject


def _plans(account: Account, orders: Mapping[int, Order], language: Language) -> Iterator[PlanShown]:
    """Those of one bill are one plan, and so are those of a hardship plan, which is not paid off alone."""
    grouped: dict[tuple[str, object], list[Plan]] = {}
    for plan in account.plans:
        key = ("hardship", 0) if plan.hardship else ("bill", plan.bill_on) if plan.bill_on else ("", plan.item_id)
        grouped.setdefault(key, []).append(plan)
    for (kind, _), plans in grouped.items():
        first = plans[0]
        subject = Subject(item_id=first.item_id, closes_on=first.bill_on, address=str(first.item_id))
        if first.bill_on is not None:
            subject = Subject(item_id=0, closes_on=first.bill_on, address=f"bill-{first.bill_on}")
        to_pay_minor = sum(plan.principal_minor + plan.fee_minor for plan in plans)
        left = max(len(plan.future) for plan in plans)
        bills_on = min(plan.future[0].bills_on for plan in plans)
        yield PlanShown(
            title=text(language, "plans.hardship_title") if kind == "hardship" else _title(subject, orders, language),
            sentence=text(language, "plans.to_come", left=left, count=first.count, date=full_date(bills_on, language)),
            to_pay=money(to_pay_minor, language),
            address="" if kind == "hardship" else subject.address,
        )


def _convertible(
    account: Account, orders: Mapping[int, Order], program: Program, at: At, language: Language
) -> Iterator[ConvertibleShown]:
    subjects = [
        Subject(item_id=0, closes_on=statement.closes_on, address=f"bill-{statement.closes_on}")
        for statement in account.statements[-1:]
    ]
    subjects += [Subject(item_id=item, closes_on=None, address=str(item)) for item in purchases_of(account)]
    for subject in subjects:
        previews = (_preview(account, subject, None, count, at.on, program) for count in _counts(program, at.on))
        quote = next((each for each in previews if isinstance(each, ConversionQuote)), None)
        if quote is None:
            continue
        key = "plans.convert_until" if quote.due_on else "plans.convert_open"
        until = full_date(quote.due_on or quote.first_bill_on, language)
        yield ConvertibleShown(
            title=_title(subject, orders, language),
            sentence=text(language, key, amount=money(quote.most_minor, language), date=until),
            address=subject.address,
        )


def _count(quote: ConversionQuote, language: Language) -> CountOffered:
    plan = quote.plan
    each, total = money(plan.per_period_minor, language), money(plan.total_minor, language)
    return CountOffered(
        value=plan.count,
        title=text(language, "way.plan", count=plan.count, each=each),
        note=text(language, "convert.cost", total=total, fee=money(plan.fee_minor, language)),
        rate=percent(plan.annualized_rate),
        rate_label=text(language, f"rate.{plan.convention}"),
        parts=tuple(
            (
                text(language, "bill.line.installment_of", number=number, count=plan.count),
                money(part.principal_minor + part.fee_minor, language),
            )
            for number, part in enumerate(plan.installments, start=1)
        ),
    )


def _payoff_facts(quote: PlanPayoffQuote, language: Language) -> Iterator[tuple[str, str]]:
    left = text(language, "payoff.left", count=quote.installments)
    yield left, money(quote.principal_minor, language)
    yield text(language, "payoff.fee"), money(quote.fee_minor, language)
    if quote.waived_minor:
        yield text(language, "payoff.waived"), money(quote.waived_minor, language)
    if quote.charge_minor:
        yield text(language, "payoff.charge"), money(quote.charge_minor, language)
