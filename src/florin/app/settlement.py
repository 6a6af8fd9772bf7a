"""`florin settlement`: how a merchant is settled: his terms, reserve and account, payouts held, statements, what he owes."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Annotated, Any

import msgspec
import typer

from florin.app.house import DataOption, House, JsonOption, Refused, bank_in, entered, granted, group, say
from florin.app.merchants import MerchantArgument, amount_minor, merchant_of, rate_ppm, rate_text
from florin.engine import ClaimKind, Submission, claim, clock
from florin.engine.admin import set_bank_holiday, set_payout_account, set_settlement_terms
from florin.events.refusals import yuan
from florin.payments.hold_payouts import HoldPayouts, PayoutsNotHeld, ReleasePayouts
from florin.payments.pay_back import InvoiceMerchant, PayBack
from florin.payments.settlement_terms import DAYS, USUAL, SettlementTerms
from florin.queries.payout_statements import PayoutStatement, read_payout_statement
from florin.queries.settlement import SettlementView, settlement_of
from florin.store import StoreRefusal

app = group("How merchants are settled: terms, reserve, account, payouts held, statements, what they owe.")

ByOption = Annotated[str, typer.Option("--by", help="Who decides, for the record.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, for the record; the merchant reads it.")]
_DAY = ["%Y-%m-%d"]


class NoSuchWeekday(StoreRefusal):
    def __init__(self, *, text: str) -> None:
        super().__init__(f"{text[:40]!r} is no day of the week.", f"Write one of: {', '.join(DAYS)}.")


class WeeklyOrSameDay(StoreRefusal):
    def __init__(self) -> None:
        super().__init__("A merchant is paid once a week or at each cut-off, not both.", "Leave one of the two out.")


class NoSuchTime(StoreRefusal):
    def __init__(self, *, text: str) -> None:
        super().__init__(f"{text[:40]!r} is no time of day.", "Write hours and minutes, as in 12:00 or 18:30.")


class NoSuchPayout(StoreRefusal):
    def __init__(self, *, payout_id: int) -> None:
        super().__init__(
            f"There is no payout {payout_id} of a merchant.",
            "Its number is in the merchant's bill, column `payout_id`.",
        )


@app.command()
def show(merchant: MerchantArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """A merchant's terms, what is available and kept, and why payouts wait."""
    with entered(data) as house:
        view = _view(house, merchant)
    say(as_json, {**msgspec.to_builtins(view), "merchant_id": str(view.merchant_id)}, *_told(view))


@app.command("set")
def set_(
    merchant: MerchantArgument,
    by: ByOption,
    reason: ReasonOption,
    weekly: Annotated[str, typer.Option("--weekly", help="Pay once a week, on this day: friday.")] = "",
    cut_offs: Annotated[
        list[str] | None,
        typer.Option(
            "--cut-off", help="T+0: make available what was sold until this time of each day, 12:00; again for more."
        ),
    ] = None,
    same_day: Annotated[bool, typer.Option("--same-day", help="Pay out at each cut-off, not only once a day.")] = False,
    business_days: Annotated[
        bool, typer.Option("--business-days", help="Pay on days on which banks work; else every day.")
    ] = False,
    minimum: Annotated[str, typer.Option("--minimum", help="Less than this waits, in yuan.")] = "0",
    reserve: Annotated[str, typer.Option("--reserve", help="Keep this share of what a day brings: 5%.")] = "0%",
    reserve_days: Annotated[int, typer.Option("--reserve-days", help="For how many days it is kept.")] = 0,
    fixed_reserve: Annotated[str, typer.Option("--fixed-reserve", help="What a payout leaves, in yuan.")] = "0",
    share_max: Annotated[str, typer.Option("--share-max", help="The most of a sale that others may share in.")] = "30%",
    freeze_days: Annotated[
        int, typer.Option("--freeze-days", help="For how many days a sale that is shared is frozen.")
    ] = 180,
    from_: Annotated[
        datetime | None,
        typer.Option("--from", formats=_DAY, help="From this day on; else from today, tomorrow if cut-offs change."),
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Settle a merchant by these terms from a day on. What is over stays as it was settled."""
    if weekly and weekly.lower() not in DAYS:
        raise NoSuchWeekday(text=weekly)
    if weekly and same_day:
        raise WeeklyOrSameDay
    with entered(data) as house:
        merchant_id, _ = merchant_of(house.connection, merchant)
        today = clock.start(house.connection).on
        known = _view(house, merchant).terms.cut_offs
        times = tuple(_time(text) for text in cut_offs or ())
        terms = SettlementTerms(
            from_on=from_.date() if from_ else today if times == known else today + timedelta(days=1),
            cut_offs=times,
            pays="weekly" if weekly else "cut_off" if same_day else "daily",
            weekday=DAYS.index(weekly.lower()) if weekly else 0,
            business_days=business_days,
            payout_minor_min=amount_minor(minimum),
            reserve_ppm=rate_ppm(reserve),
            reserve_days=reserve_days,
            fixed_reserve_minor=amount_minor(fixed_reserve),
            share_ppm_max=rate_ppm(share_max),
            freeze_days=freeze_days,
        )
        if refusal := set_settlement_terms(house.connection, merchant_id, terms, by=by, reason=reason):
            raise Refused(refusal)
        view = _view(house, merchant)
    say(as_json, {**msgspec.to_builtins(view), "merchant_id": str(view.merchant_id)}, *_told(view))


@app.command()
def hold(
    merchant: MerchantArgument, by: ByOption, reason: ReasonOption, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Let no payout leave for a merchant; sales, refunds and sweeps go on."""
    _do(merchant, data, as_json, lambda i: HoldPayouts(merchant_id=i, reason=reason, by=by), "Payouts are held")


@app.command()
def release(
    merchant: MerchantArgument, by: ByOption, reason: ReasonOption, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Let payouts of a merchant leave again, with the next day close."""
    _do(merchant, data, as_json, lambda i: ReleasePayouts(merchant_id=i, reason=reason, by=by), "Payouts go on")


@app.command()
def account(
    merchant: MerchantArgument,
    account: Annotated[str, typer.Argument(help="The bank account that is paid from now on.")],
    by: ByOption,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Pay a merchant to another account. Payouts that waited because one came back go on."""
    with entered(data) as house, house.engine() as engine:
        merchant_id, name = merchant_of(house.connection, merchant)
        set_payout_account(house.connection, merchant_id, account)
        command = ReleasePayouts(merchant_id=merchant_id, reason="the account was changed", by=by)
        outcome = engine.execute([Submission(command=command)])[0]
        if not isinstance(outcome.refusal, PayoutsNotHeld):
            granted([outcome])
    say(as_json, {"id": str(merchant_id), "payout_account": account}, f"{name} is paid to {account}.")


@app.command()
def holiday(
    on: Annotated[datetime, typer.Argument(formats=_DAY, help="The day.")],
    name: Annotated[str, typer.Option("--name", help="What it is called.")] = "",
    works: Annotated[bool, typer.Option("--works", help="A weekend on which banks work.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that banks do not work on a day, or, with --works, that they do."""
    with entered(data) as house:
        set_bank_holiday(house.connection, on.date(), is_open=works, name=name)
    said = "is a business day" if works else "is no business day"
    say(as_json, {"on": on.date().isoformat(), "is_open": works, "name": name}, f"{on.date()} {said}.")


@app.command()
def invoice(
    merchant: MerchantArgument,
    due: Annotated[datetime, typer.Option("--due", formats=_DAY, help="By when he is to pay.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask a merchant whose balance is below zero to pay all of it back."""
    _do(merchant, data, as_json, lambda i: InvoiceMerchant(merchant_id=i, due_on=due.date()), "Invoiced")


@app.command("paid-back")
def paid_back(
    merchant: MerchantArgument,
    amount: Annotated[str, typer.Argument(help="What arrived, in yuan.")],
    reference: Annotated[str, typer.Option("--reference", help="The bank's own; one is recorded once.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record what a merchant below zero has paid to the safeguarded account."""
    minor = amount_minor(amount)
    with entered(data) as house, house.engine() as engine:
        merchant_id, name = merchant_of(house.connection, merchant)
        command = PayBack(merchant_id=merchant_id, amount_minor=minor, bank_reference=reference)
        once = claim(ClaimKind.BANK, 0, reference, ("paid-back", merchant_id, minor))
        granted(engine.execute([Submission(command=command, claims=(once,))]))
        bank_in(house).receive(amount_minor=minor, reference=reference, on=clock.read(house.connection).on)
        view = _view(house, str(merchant_id))
    say(
        as_json,
        {"id": str(merchant_id), "available_minor": view.available_minor},
        f"{name} has paid {yuan(minor)} back; {yuan(view.available_minor)} is available.",
    )


@app.command()
def statement(
    payout_id: Annotated[int, typer.Argument(metavar="PAYOUT", help="The payout's number.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """What a payout pays: sales, fees, refunds, reserve, what was carried over, to the fen."""
    with entered(data) as house:
        found = read_payout_statement(house.connection, payout_id=payout_id)
    if found is None:
        raise NoSuchPayout(payout_id=payout_id)
    say(as_json, msgspec.to_builtins(found), *statement_lines(found))


def statement_lines(found: PayoutStatement) -> list[str]:
    """For people: a line an item, amounts at the end."""
    items = [
        ("carried over", found.carried_in_minor),
        ("sales", found.gross_minor),
        ("refunds", -found.refunds_minor),
        *((f"fee: {kind}", -minor) for kind, minor in sorted(found.fees.items()) if minor),
        ("kept in reserve", found.moved_minor("reserve-held")),
        ("given free of the reserve", found.moved_minor("reserve-released")),
        ("payouts that came back", found.moved_minor("payout-returned")),
        ("paid back", found.moved_minor("paid-back")),
        ("given to people", found.moved_minor("transfer")),
        ("shared by others", found.moved_minor("shared")),
        ("frozen to be shared", -sum(trade.earned.frozen_minor for trade in found.trades)),
        ("shares come back", sum(trade.earned.shared_minor for trade in found.trades)),
        ("held for disputes", found.moved_minor("disputed") - sum(t.earned.disputed_minor for t in found.trades)),
        ("stays", -found.carried_out_minor),
        ("paid out", found.amount_minor),
    ]
    head = f"Payout {found.payout_id} of {found.paid_on}: {len(found.trades)} sales and refunds."
    return [head, *(f"{what:<28}{yuan(minor):>16}" for what, minor in items if minor)]


def _do(merchant: str, data: Any, as_json: bool, command: Any, said: str) -> None:
    with entered(data) as house, house.engine() as engine:
        merchant_id, name = merchant_of(house.connection, merchant)
        granted(engine.execute([Submission(command=command(merchant_id))]))
        view = _view(house, str(merchant_id))
    document = {**msgspec.to_builtins(view), "merchant_id": str(merchant_id)}
    say(as_json, document, f"{name}: {said}.", *_told(view))


def _view(house: House, merchant: str) -> SettlementView:
    merchant_id, _ = merchant_of(house.connection, merchant)
    found = settlement_of(house.connection, merchant_id=merchant_id, on=clock.start(house.connection).on)
    assert found is not None, "a merchant has his balance from his first day"
    return found


def _told(view: SettlementView) -> list[str]:
    return [
        f"{view.name}: {yuan(view.available_minor)} is available, {yuan(view.reserve_minor)} is kept in reserve;"
        f" {view.payouts} payouts, to {view.payout_account or 'no account yet'}.",
        _terms_told(view.terms),
        *(f"From {terms.from_on}: {_terms_told(terms)}" for terms in view.next_terms),
        *([f"Payouts are held: {view.held_because}."] if view.held_because else []),
        *(["Frozen: nothing is paid out."] if view.state == "frozen" else []),
    ]


def _time(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise NoSuchTime(text=text) from None


def _terms_told(terms: SettlementTerms) -> str:
    when = f"every {DAYS[terms.weekday].capitalize()}" if terms.pays == "weekly" else "every day"
    when = "at each cut-off and every day" if terms.pays == "cut_off" else when
    parts = [f"Paid {when}" + (", on business days" if terms.business_days else "")]
    if terms.cut_offs:
        parts.append(
            f"sales are available at {', '.join(f'{at:%H:%M}' for at in terms.cut_offs)} and the day's end (T+0)"
        )
    if terms.payout_minor_min:
        parts.append(f"from {yuan(terms.payout_minor_min)} on")
    if terms.reserve_ppm:
        parts.append(f"{rate_text(terms.reserve_ppm)} of what a day brings is kept for {terms.reserve_days} days")
    if terms.fixed_reserve_minor:
        parts.append(f"{yuan(terms.fixed_reserve_minor)} stays")
    if (terms.share_ppm_max, terms.freeze_days) != (USUAL.share_ppm_max, USUAL.freeze_days):
        share = rate_text(terms.share_ppm_max)
        parts.append(f"up to {share} of a sale may be shared, within {terms.freeze_days} days")
    return "; ".join(parts) + "."
