"""`florin merchant fees`: what merchants pay by a plan, what a sale would cost, and what shoppers pay for taking money out.

A plan is a file, a preset or the house's own. What holds already is never replaced: payments were charged by it. A later
version in the same file, or another plan from a later day on, changes what is charged from then on.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from florin.app.house import DataOption, House, JsonOption, entered, group, say, say_table
from florin.app.merchants import MerchantArgument, amount_minor, merchant_of
from florin.engine import admin, clock
from florin.engine.reference import HOUSE, fee_plans
from florin.events.refusals import yuan
from florin.payments.fee_plan import FeePlan, FeePlanInvalid, fee_plan_of
from florin.queries import fees as questions
from florin.store import StoreRefusal

app = group("Fee plans: what merchants pay for being paid, and shoppers for taking money out.")

FromOption = Annotated[
    datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day; today when it is left out.")
]


class TenderOption(StrEnum):
    """What a sale is paid with."""

    WALLET = "wallet"
    CREDIT = "credit"
    CARD = "card"


class FeePlanUnusable(StoreRefusal):
    def __init__(self, error: FeePlanInvalid) -> None:
        super().__init__(str(error), "Mend the file and check again; docs/how-to/fees.md explains each field.")


class FileUnreadable(StoreRefusal):
    def __init__(self, *, file: Path) -> None:
        super().__init__(f"{file} is no file that can be read as text.", "Give a plan in TOML, in UTF-8.")


class NoSuchFeePlan(StoreRefusal):
    def __init__(self, *, name: str, known: list[str]) -> None:
        super().__init__(f"There is no fee plan {name[:80]}.", f"There are {', '.join(known)}; add one with `… add`.")


class FeesOfThePast(StoreRefusal):
    """The file changes what a day that has begun was charged by, or a plan would begin on a day that is over."""

    def __init__(self, *, what: str, today: date) -> None:
        super().__init__(
            f"{what}, and today is {today}: payments were charged by what holds.",
            "Add a [[versions]] with a later `from_on`, or begin another plan today or later.",
        )


class NoWithdrawalTerms(StoreRefusal):
    def __init__(self, *, name: str) -> None:
        super().__init__(
            f"The plan {name} does not say what taking money out costs.", "Choose one with [versions.withdrawal]."
        )


@app.command("list")
def list_(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Every plan: those that come with the software, and the house's own."""
    with entered(data) as house:
        found = questions.plans(house.connection, on=clock.read(house.connection).on)
    say_table(
        as_json,
        found,
        ("plan", "title", "versions from", "fees", "taking money out"),
        [
            (row.name, row.title, ", ".join(map(str, row.versions)), str(row.fees), row.withdrawal or "free")
            for row in found
        ],
    )


@app.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A plan in TOML.")], as_json: JsonOption = False
) -> None:
    """Say whether a plan's file can be used; if not, which field is wrong."""
    plan, _ = _read(file)
    say(
        as_json, {"ok": True, "plan": plan.name}, f"{file}: {plan.name} ({plan.title_en}, {plan.title_zh}) can be used."
    )


@app.command()
def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A plan in TOML, checked first.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a plan to the house, or later versions to one that it has."""
    plan, source = _read(file)
    with entered(data) as house:
        refusal = admin.add_fee_plan(house.connection, plan, source)
        if refusal is not None:
            raise FeesOfThePast(
                what=f"The plan {plan.name} is in force and says otherwise", today=clock.read(house.connection).on
            )
    said = f"{plan.name} ({plan.title_en}, {plan.title_zh}): {len(plan.versions)} versions."
    say(as_json, {"ok": True, "plan": plan.name}, said, f"Next: florin merchant fees set MERCHANT {plan.name}")


@app.command("set")
def set_(
    merchant: MerchantArgument,
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="Its name, from `florin merchant fees list`.")],
    from_: FromOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Charge a merchant by a plan, instead of his own rate, from a day on."""
    with entered(data) as house:
        merchant_id, name = merchant_of(house.connection, merchant)
        from_on = _begin(house, plan, from_)
        admin.assign_fees(house.connection, merchant_id=merchant_id, plan=plan, from_on=from_on)
        found = questions.fees_of_merchant(house.connection, merchant_id=merchant_id, on=from_on)
    say(as_json, found, f"{name} is charged by the plan {plan} from {from_on}.")


@app.command()
def show(
    merchant: MerchantArgument,
    on: Annotated[datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="Of that day; else today.")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """What a merchant pays: of each kind of fee the first line that fits a sale is charged."""
    with entered(data) as house:
        merchant_id, _ = merchant_of(house.connection, merchant)
        day = on.date() if on else clock.read(house.connection).on
        found = questions.fees_of_merchant(house.connection, merchant_id=merchant_id, on=day)
    assert found is not None
    if as_json:
        say(True, found)
        return
    where = f"{found.category} in {found.market}" if found.market else found.category
    typer.echo(f"{found.name} sells {where}: {found.title or 'own rate, no plan'}, on {found.on}")
    say_table(
        False,
        (),
        ("fee", "rate", ""),
        [(fee.name, fee.rate, fee.text) for fee in found.fees],
    )
    for later in found.plans:
        if later.from_on > day:
            typer.echo(f"From {later.from_on}: {later.plan}")


@app.command()
def price(
    merchant: MerchantArgument,
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="Of the sale, in yuan: 1000.00")],
    tender: Annotated[TenderOption, typer.Option("--tender", help="Paid with.")] = TenderOption.WALLET,
    count: Annotated[int, typer.Option("--count", help="Of installments; 0: none.")] = 0,
    offline: Annotated[bool, typer.Option("--offline", help="Sold in a shop.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """What a sale would cost a merchant today, fee by fee."""
    minor = amount_minor(amount)
    with entered(data) as house:
        merchant_id, name = merchant_of(house.connection, merchant)
        found = questions.price(
            house.connection,
            merchant_id=merchant_id,
            amount_minor=minor,
            tender=tender.value,
            on=clock.read(house.connection).on,
            count=count,
            channel="offline" if offline else "online",
        )
    assert found is not None
    fees_minor = sum(line.amount_minor for line in found)
    say(
        as_json,
        {"fees": found, "fees_minor": fees_minor, "left_minor": minor - fees_minor},
        *(f"{line.name}: {line.text}" for line in found),
        f"{name} gets {yuan(minor - fees_minor)} of {yuan(minor)}.",
    )


@app.command()
def withdrawals(
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="A plan that says what taking money out costs.")],
    from_: FromOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Charge shoppers for taking money out of their wallets, as a plan says, from a day on."""
    with entered(data) as house:
        from_on = _begin(house, plan, from_)
        version = fee_plans(house.connection)[plan].version_on(from_on)
        if version is None or version.withdrawal is None:
            raise NoWithdrawalTerms(name=plan)
        admin.assign_fees(house.connection, merchant_id=HOUSE, plan=plan, from_on=from_on)
        text = questions.withdrawal_text(version.withdrawal, "en")
    say(as_json, {"plan": plan, "from_on": from_on, "text": text}, f"Taking money out costs {text}, from {from_on}.")


def _read(file: Path) -> tuple[FeePlan, str]:
    """(plan, source). Raises FileUnreadable, FeePlanUnusable."""
    try:
        source = file.read_text(encoding="utf-8")
        return fee_plan_of(source, source=file.name), source
    except FeePlanInvalid as error:
        raise FeePlanUnusable(error) from None
    except (OSError, UnicodeDecodeError):
        raise FileUnreadable(file=file) from None


def _begin(house: House, plan: str, from_: datetime | None) -> date:
    """The day from which a known plan holds. Raises NoSuchFeePlan, FeesOfThePast."""
    known, today = fee_plans(house.connection), clock.read(house.connection).on
    if plan not in known:
        raise NoSuchFeePlan(name=plan, known=sorted(known))
    from_on = from_.date() if from_ else today
    if from_on < today:
        raise FeesOfThePast(what=f"{from_on} is over", today=today)
    return from_on
