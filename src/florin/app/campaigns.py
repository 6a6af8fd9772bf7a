"""`florin campaign`: coupons and parts of installment fees that somebody pays for, with a budget that is never overspent."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

import typer

from florin.app.house import DataOption, House, JsonOption, bank_in, entered, granted, group, say, say_table
from florin.app.merchants import RefundOrderOption, amount_minor, merchant_of, rate_ppm, rate_text
from florin.campaigns.budget import RecallBudget, TopUpCampaign
from florin.campaigns.campaign import CampaignState
from florin.campaigns.open import CloseCampaign, OpenCampaign, kind_of
from florin.campaigns.state import RecordStatePayment
from florin.engine import ClaimKind, Submission, claim, clock, lane_for
from florin.engine.submission import Claim
from florin.events import CampaignTerms
from florin.events.refusals import yuan
from florin.queries.campaigns import CampaignView, campaign_by_id, campaigns
from florin.store import StoreRefusal

app = group("Campaigns: coupons and subsidies with a budget that is never overspent.")

CampaignArgument = Annotated[int, typer.Argument(metavar="CAMPAIGN", help="Its number, from `florin campaign list`.")]
AmountArgument = Annotated[str, typer.Argument(metavar="AMOUNT", help="In yuan: 10000.00")]


class SponsorOption(StrEnum):
    """Who pays for a campaign."""

    MALL = "mall"
    STATE = "state"
    MERCHANT = "merchant"


class NoSuchCampaign(StoreRefusal):
    def __init__(self, *, campaign_id: int) -> None:
        super().__init__(f"There is no campaign {campaign_id}.", "See `florin campaign list`.")


@app.command("open")
def open_(
    name: Annotated[str, typer.Argument(help="As shoppers read it.")],
    budget: Annotated[str, typer.Option("--budget", help="All that it may spend, in yuan; topped up later.")],
    until: Annotated[datetime, typer.Option("--until", formats=["%Y-%m-%d"], help="Its last day.")],
    off: Annotated[str, typer.Option("--off", help="A coupon: what it takes off an order, in yuan.")] = "0",
    fee_share: Annotated[
        str, typer.Option("--fee-share", help="A fee subsidy: its share of the shopper's installment fee, in percent.")
    ] = "0%",
    rate: Annotated[
        str, typer.Option("--rate", help="A rate subsidy: so much a year of what is lent, up to the fee, in percent.")
    ] = "0%",
    per_person_year: Annotated[
        str,
        typer.Option(
            "--per-person-year", help="A subsidy: the most for one person in a calendar year, in yuan; 0: no cap."
        ),
    ] = "0",
    count: Annotated[
        list[int] | None, typer.Option("--count", help="A number of installments it is for; again for more; else all.")
    ] = None,
    program: Annotated[
        list[str] | None, typer.Option("--program", help="A program it is for; again for more; else all.")
    ] = None,
    from_: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Its first day; else today.")
    ] = None,
    over: Annotated[str, typer.Option("--over", help="The least order that it is for, in yuan.")] = "0",
    per_person: Annotated[int, typer.Option("--per-person", help="How often one person may use it; 0: always.")] = 0,
    sponsor: Annotated[SponsorOption, typer.Option("--sponsor", help="Who pays for it.")] = SponsorOption.MALL,
    merchant: Annotated[
        list[str] | None, typer.Option("--merchant", help="A shop where it holds; again for more; else everywhere.")
    ] = None,
    refund_order: Annotated[
        RefundOrderOption | None, typer.Option("--refund-order", help="Else the merchant's.")
    ] = None,
    warning: Annotated[str, typer.Option("--warning", help="Mark it when less than this is left, in yuan.")] = "0",
    name_zh: Annotated[str, typer.Option("--name-zh", help="The name in Chinese.")] = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Open a campaign: coupons with --off, or a subsidy of installment fees with --fee-share or --rate."""
    with entered(data) as house, house.engine() as engine:
        terms = CampaignTerms(
            kind=kind_of(rate_ppm(fee_share), rate_ppm(rate)),
            sponsor=sponsor.value,
            opens_on=from_.date() if from_ else clock.read(house.connection).on,
            closes_on=until.date() + timedelta(days=1),
            merchants=tuple(merchant_of(house.connection, text)[0] for text in merchant or ()),
            amount_off_minor=amount_minor(off),
            threshold_minor=amount_minor(over),
            per_person_max=per_person,
            share_ppm=rate_ppm(fee_share),
            yearly_rate_ppm=rate_ppm(rate),
            person_year_minor_max=amount_minor(per_person_year),
            counts=tuple(count or ()),
            programs=tuple(program or ()),
            refund_order=refund_order.value if refund_order else None,
            warning_minor=amount_minor(warning),
        )
        command = OpenCampaign(
            campaign_id=engine.new_id(lane_for(f"campaign/{name}")),
            name=name,
            name_zh=name_zh,
            budget_minor=amount_minor(budget),
            terms=terms,
        )
        granted(engine.execute([Submission(command=command)]))
        view = _view(house, command.campaign_id)
    say(as_json, document(view), *_told(view))


@app.command("list")
def list_(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Every campaign, the newest first."""
    with entered(data) as house:
        found = campaigns(house.connection)
    say_table(
        as_json,
        [document(view) for view in found],
        ("campaign", "name", "sponsor", "from", "until", "budget", "spent", "left", ""),
        [
            (
                str(view.campaign.id), f"{view.campaign.name} {view.campaign.name_zh}", view.campaign.terms.sponsor,
                str(view.campaign.terms.opens_on), str(_last_on(view)), yuan(view.allotted_minor),
                yuan(view.spent_minor), yuan(view.left_minor), _mark(view),
            )
            for view in found
        ],
    )  # fmt: skip


@app.command()
def show(campaign_id: CampaignArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """A campaign: its terms, its budget, what is spent and left."""
    with entered(data) as house:
        view = _view(house, campaign_id)
    say(as_json, document(view), *_told(view))


@app.command("top-up")
def top_up(
    campaign_id: CampaignArgument, amount: AmountArgument, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Give a campaign more to spend."""
    _do(TopUpCampaign(campaign_id=campaign_id, amount_minor=amount_minor(amount)), data, as_json)


@app.command()
def recall(
    campaign_id: CampaignArgument, amount: AmountArgument, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Take back a part of what a campaign has not spent."""
    _do(RecallBudget(campaign_id=campaign_id, amount_minor=amount_minor(amount)), data, as_json)


@app.command()
def paid(
    campaign_id: CampaignArgument,
    amount: AmountArgument,
    reference: Annotated[str, typer.Option("--reference", help="The bank's; one reference, one payment.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record what the state has paid the mall for a campaign of its own."""
    minor = amount_minor(amount)
    once = claim(ClaimKind.BANK, 0, reference, ("state", campaign_id, minor))
    command = RecordStatePayment(campaign_id=campaign_id, amount_minor=minor, bank_reference=reference)

    def book(house: House) -> None:
        on = clock.read(house.connection).on
        bank_in(house).receive(amount_minor=minor, reference=reference, on=on, account="mall")

    _do(command, data, as_json, once, then=book)


@app.command()
def close(
    campaign_id: CampaignArgument,
    reason: Annotated[str, typer.Option("--reason", help="For the record, in words.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a campaign, at once: nothing more is given; refunds still bring back what they bring back."""
    _do(CloseCampaign(campaign_id=campaign_id, reason=reason), data, as_json)


def document(view: CampaignView) -> dict[str, Any]:
    """A campaign for programs."""
    campaign, terms = view.campaign, view.campaign.terms
    return {
        "id": str(campaign.id),
        "name": campaign.name,
        "name_zh": campaign.name_zh,
        "state": campaign.state.name.lower(),
        "kind": terms.kind,
        "sponsor": terms.sponsor,
        "opens_on": terms.opens_on,
        "closes_on": terms.closes_on,
        "merchants": [str(identifier) for identifier in terms.merchants],
        "amount_off_minor": terms.amount_off_minor,
        "threshold_minor": terms.threshold_minor,
        "per_person_max": terms.per_person_max,
        "share_ppm": terms.share_ppm,
        "yearly_rate_ppm": terms.yearly_rate_ppm,
        "person_year_minor_max": terms.person_year_minor_max,
        "counts": terms.counts,
        "programs": terms.programs,
        "refund_order": terms.refund_order,
        "allotted_minor": view.allotted_minor,
        "spent_minor": view.spent_minor,
        "left_minor": view.left_minor,
        "warning_minor": terms.warning_minor,
        "is_low": view.is_low,
    }


def _do(command: Any, data: Any, as_json: bool, *claims: Claim, then: Any = lambda house: None) -> None:
    with entered(data) as house, house.engine() as engine:
        _view(house, command.campaign_id)
        granted(engine.execute([Submission(command=command, claims=claims)]))
        then(house)
        view = _view(house, command.campaign_id)
    say(as_json, document(view), *_told(view))


def _view(house: House, campaign_id: int) -> CampaignView:
    view = campaign_by_id(house.connection, campaign_id=campaign_id)
    if view is None:
        raise NoSuchCampaign(campaign_id=campaign_id)
    return view


def _told(view: CampaignView) -> list[str]:
    campaign, terms = view.campaign, view.campaign.terms
    return [
        f"Campaign {campaign.id}: {campaign.name} {campaign.name_zh}, paid by the {terms.sponsor}{_mark(view, ', ')}",
        f"  {_gives(terms)}, from {terms.opens_on} until {_last_on(view)}",
        f"  budget {yuan(view.allotted_minor)}, spent {yuan(view.spent_minor)}, left {yuan(view.left_minor)}",
    ]


def _gives(terms: CampaignTerms) -> str:
    if terms.kind == "coupon":
        often = f", {terms.per_person_max} times a person" if terms.per_person_max else ""
        return f"{yuan(terms.amount_off_minor)} off orders from {yuan(terms.threshold_minor)}{often}"
    counts = f" in {', '.join(map(str, terms.counts))} installments" if terms.counts else ""
    programs = f" of {', '.join(terms.programs)}" if terms.programs else ""
    most = f", {yuan(terms.person_year_minor_max)} a person and year" if terms.person_year_minor_max else ""
    if terms.kind == "rate_subsidy":
        return f"{rate_text(terms.yearly_rate_ppm)} a year of the shopper's plans{counts}{programs}{most}"
    return f"{rate_text(terms.share_ppm)} of the shopper's fee for plans{counts}{programs}{most}"


def _mark(view: CampaignView, before: str = "") -> str:
    if view.campaign.state is CampaignState.CLOSED:
        return f"{before}closed"
    return f"{before}low" if view.is_low else ""


def _last_on(view: CampaignView) -> date:
    return view.campaign.terms.closes_on - timedelta(days=1)
