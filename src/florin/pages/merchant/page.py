"""What a merchant's pages show of his trades and of what is settled to him."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from florin.credit.funding import percent as share_text
from florin.documents.bills import Form
from florin.events.refusals import Language
from florin.money.at import At
from florin.pages.hooks import Gateway
from florin.pages.merchant.snippets import Snippet, snippets_of
from florin.pages.show import full_date, full_moment, money
from florin.pages.texts import text
from florin.payments.merchant import App
from florin.payments.onboarding import DOCUMENTS_NEEDED
from florin.payments.payment import PaymentState
from florin.payments.settle import RETURNED
from florin.payments.settlement_terms import DAYS, MIDNIGHT, SettlementTerms
from florin.payments.trade import TradeState
from florin.queries.campaigns import CampaignView
from florin.queries.merchant import Payout, SignatureFailure, TradeSeen, Window
from florin.queries.onboarding import ApplicationView
from florin.queries.settlement import SettlementView

FORMS: Final[tuple[Form, ...]] = ("csv", "json", "alipay", "wechat-trades", "wechat-flow")


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeShown:
    """place: the store and till it was sold at; empty for what is sold elsewhere."""

    number: str
    subject: str
    asked_at: str
    amount: str
    state: str
    tone: str
    fee: str
    refunded: str
    plan: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A line of the settlement: a day's sales made available, or a payout."""

    title: str
    note: str
    amount: str
    state: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BillShown:
    """A day that is published. files: form and label of each."""

    date: str
    day: str
    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureShown:
    id: int
    app: str
    received_at: str
    request_line: str
    expected: str
    finding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppShown:
    """What an integrator sets for one app. facts: label and value, in order. public_key: empty where the wire has none."""

    name: str
    facts: tuple[tuple[str, str], ...]
    public_key: str
    note: str
    documents: str
    snippets: tuple[Snippet, ...]


def app_of(app: App, gateway: Gateway, language: Language) -> AppShown:
    wire = app.wire if app.wire in ("alipay", "rest", "wechatpay") else "rest"
    notify = app.notify_url or text(language, f"integration.notify.{wire}")
    market = text(language, f"integration.market.{app.market}")
    facts = [
        ("integration.app", str(app.id)),
        ("integration.gateway", gateway.address),
        ("integration.market", market),
        ("integration.notify", notify),
    ]
    if app.state != "open":
        facts.append(("integration.state", text(language, "integration.closed")))
    return AppShown(
        name=app.name,
        facts=(*((text(language, label), value) for label, value in facts if value), *gateway.names),
        public_key=gateway.public_key,
        note=text(language, f"integration.note.{wire}"),
        documents=gateway.documents,
        snippets=snippets_of(app, gateway, language),
    )


def trade_of(trade: TradeSeen, at: At, language: Language) -> TradeShown:
    key, tone = _state(trade, at)
    fee_minor = trade.fees_minor + trade.merchant_fee_minor
    return TradeShown(
        number=trade.out_trade_no,
        subject=trade.subject,
        asked_at=full_moment(trade.asked_at, language),
        amount=money(trade.amount_minor, language),
        state=text(language, f"trade.state.{key}"),
        tone=tone,
        fee=money(fee_minor, language) if trade.received_minor else "",
        refunded=money(trade.refunded_minor, language) if trade.refunded_minor else "",
        plan=text(language, "trade.plan", count=trade.plan_count) if trade.plan_count else "",
        place=_place_sold(trade, language),
    )


def _place_sold(trade: TradeSeen, language: Language) -> str:
    """The store by its name where it is registered, else by its number; and the till."""
    name = trade.store_zh if language == "zh" and trade.store_zh else trade.store
    till = f"{text(language, 'counter.till')} {trade.terminal_id}" if trade.terminal_id else ""
    return " · ".join(part for part in (name or trade.store_id, till) if part)


def window_of(window: Window, language: Language) -> Moved:
    return Moved(
        title=_sold_in(window, language),
        note=text(language, "settlement.net"),
        amount=_signed(window.amount_minor, language),
        state="",
        tone="good" if window.amount_minor >= 0 else "bad",
    )


def _sold_in(window: Window, language: Language) -> str:
    date = full_date(window.window_on, language)
    if window.window_until == MIDNIGHT:
        return text(language, "settlement.sales_of", date=date)
    at = "{:02}:{:02}".format(*divmod(window.window_until, 60))
    return text(language, "settlement.sales_until", date=date, at=at)


def payout_of(payout: Payout, language: Language) -> Moved:
    settled = payout.settled_on
    note = text(language, "settlement.arrived", date=full_date(settled, language)) if settled is not None else ""
    return Moved(
        title=text(language, "settlement.payout_of", date=full_date(payout.requested_on, language)),
        note=" · ".join(part for part in (note, payout.bank_reference) if part),
        amount=money(payout.amount_minor, language),
        state=text(language, f"payout.state.{payout.state}"),
        tone={"sent": "wait", "settled": "good", "returned": "bad"}[payout.state],
    )


def standing_of(view: SettlementView | None, language: Language) -> tuple[tuple[str, str], ...]:
    """Label and value of what decides when a merchant is paid."""
    facts: list[tuple[str, str]] = []
    if view is not None:
        if view.terms.cut_offs:
            times = [f"{at:%H:%M}" for at in view.terms.cut_offs]
            ends = text(language, "standing.days_end")
            facts.append((text(language, "standing.available"), " · ".join([*times, ends])))
        facts.append((text(language, "standing.paid"), _paid(view.terms, language)))
        if view.terms.payout_minor_min:
            facts.append((text(language, "standing.minimum"), money(view.terms.payout_minor_min, language)))
        if view.terms.reserve_ppm or view.reserve_minor:
            kept = text(
                language, "standing.kept", share=share_text(view.terms.reserve_ppm), days=view.terms.reserve_days
            )
            facts.append((text(language, "standing.reserve"), f"{money(view.reserve_minor, language)} · {kept}"))
        if view.terms.fixed_reserve_minor:
            facts.append((text(language, "standing.stays"), money(view.terms.fixed_reserve_minor, language)))
        if view.held_because:
            _, by_bank, why = view.held_because.partition(RETURNED)
            held = text(language, "standing.returned", why=why) if by_bank else view.held_because
            facts.append((text(language, "standing.held"), held))
        elif view.state == "frozen":
            facts.append((text(language, "standing.held"), text(language, "standing.frozen")))
    return tuple(facts)


def application_shown(application: ApplicationView | None, language: Language) -> tuple[tuple[str, str], ...]:
    """Label and value of what is still to be done before he may sell."""
    facts: list[tuple[str, str]] = []
    if application is not None and application.state != "opened":
        facts.append((text(language, "standing.application"), text(language, f"application.state.{application.state}")))
        lacks = [
            text(language, f"application.{_FIELDS.get(name, 'document')}", kind=name) for name in application.missing
        ]
        if lacks:
            facts.append(
                (text(language, "standing.missing"), "、".join(lacks) if language == "zh" else ", ".join(lacks))
            )
        if application.state == "refused":
            facts.append((text(language, "standing.why"), application.steps[-1].reason))
    return tuple(facts)


_FIELDS: Final = {
    name: name
    for name in (
        "legal_name", "registration_number", "representative", "bank_code", "account_name", "account_number",
        "categories", "markets", *DOCUMENTS_NEEDED,
    )
}  # fmt: skip


def _paid(terms: SettlementTerms, language: Language) -> str:
    when = (
        text(language, "standing.weekly", day=text(language, f"day.{DAYS[terms.weekday]}"))
        if terms.pays == "weekly"
        else text(language, "standing.cut_off" if terms.pays == "cut_off" else "standing.daily")
    )
    return f"{when} · {text(language, 'standing.business_days')}" if terms.business_days else when


def campaigns_shown(views: Sequence[CampaignView], language: Language) -> list[Moved]:
    """Campaigns that the merchant bears: what each still has to spend."""
    return [
        Moved(
            title=(view.campaign.name_zh if language == "zh" else "") or view.campaign.name,
            note=text(
                language,
                "campaign.spent",
                spent=money(view.spent_minor, language),
                allotted=money(view.allotted_minor, language),
                date=full_date(view.campaign.terms.closes_on - timedelta(days=1), language),
            ),
            amount=money(view.left_minor, language),
            state=text(language, "campaign.low") if view.is_low else "",
            tone="bad" if view.is_low else "good",
        )
        for view in views
    ]


def bills_of(days: Sequence[date], language: Language) -> list[BillShown]:
    files = tuple((form, text(language, f"bill.form.{form}")) for form in FORMS)
    return [BillShown(date=full_date(on, language), day=on.isoformat(), files=files) for on in days]


def failure_of(failure: SignatureFailure, apps: Mapping[int, App], language: Language) -> FailureShown:
    return FailureShown(
        id=failure.id,
        app=apps[failure.app_id].name,
        received_at=full_moment(failure.received_at, language),
        request_line=failure.request_line,
        expected=failure.expected_text,
        finding=in_language(failure.finding, language),
    )


def in_language(finding: str, language: Language) -> str:
    """A reason as the wire keeps it, a line in Chinese and one in English; one of a single line is what it is."""
    chinese, _, english = finding.partition("\n")
    return english if english and language != "zh" else chinese


def apps_of(apps: Mapping[int, App], merchant_id: int) -> Sequence[App]:
    return [app for app in apps.values() if app.merchant_id == merchant_id]


def _state(trade: TradeSeen, at: At) -> tuple[str, str]:
    if trade.payment_state is not None:
        return _PAYMENT_STATES[trade.payment_state]
    if trade.state is TradeState.CLOSED:
        return "closed", "plain"
    if trade.expires_at is not None and trade.expires_at <= at.instant:
        return "expired", "plain"
    return "waiting", "wait"


_PAYMENT_STATES = {
    PaymentState.AUTHORIZED: ("authorized", "wait"),
    PaymentState.ESCROWED: ("escrowed", "wait"),
    PaymentState.CAPTURED: ("captured", "good"),
    PaymentState.VOIDED: ("voided", "plain"),
    PaymentState.REFUNDED: ("refunded", "plain"),
}


def _signed(amount_minor: int, language: Language) -> str:
    return f"+{money(amount_minor, language)}" if amount_minor > 0 else money(amount_minor, language)
