"""Funding: a partner bank agrees to lend its share of new loans beside the house, and each loan decides at its beginning.

An agreement is the owner's data: who the partner is, its share of each loan, under which programs, up to which sum, and from
when until when. A loan is funded under the oldest agreement that still has room for the partner's part of all of it; where
none has, the house lends alone. What was funded once stays so until it is paid, whatever becomes of the agreement.

The house's own share of each loan is at least `own_share_min` of the program's terms (for China: 30 %, CBIRC 2021 No. 24,
which also caps what a bank lends with one partner at 25 % of its tier-1 capital: that is what the cap of an agreement is
for).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec
from msgspec.structs import replace

from florin.credit.joint import share_minor
from florin.credit.terms import Terms
from florin.events import Captured, Escrowed, Event, FundingAgreed, FundingClosed, LoanFunding, PartnerSettled, Received
from florin.events.refusals import Refusal
from florin.money.amounts import MILLION
from florin.money.at import At


class FundingAgreement(msgspec.Struct, frozen=True, kw_only=True):
    """share_ppm: the partner's part of each loan, parts per million. servicing_ppm: what the house keeps of the income that
    it collects for the partner. cap_minor: of all that is owed to the partner. from_on, until_on: days of new loans.
    """

    id: int
    lane: int
    partner: str
    programs: tuple[str, ...]
    share_ppm: int
    servicing_ppm: int
    cap_minor: int
    from_on: date
    until_on: date | None = None
    state: Literal["open", "closed"] = "open"

    def funds(self, program: str, on: date) -> bool:
        """Whether a loan that begins on a day under a program may be funded."""
        in_force = self.from_on <= on and (self.until_on is None or on <= self.until_on)
        return self.state == "open" and in_force and program in self.programs


class OpenFunding(msgspec.Struct, frozen=True, kw_only=True):
    """agreement_id: made by the caller. from_on: today when it is left out; until_on: without an end."""

    agreement_id: int
    partner: str
    programs: tuple[str, ...]
    share_ppm: int
    cap_minor: int
    servicing_ppm: int = 0
    from_on: date | None = None
    until_on: date | None = None


class CloseFunding(msgspec.Struct, frozen=True, kw_only=True):
    """reason: for the record, in words."""

    agreement_id: int
    reason: str


class SettlePartner(msgspec.Struct, frozen=True, kw_only=True):
    """One lane's pair under one agreement: what the lender owes the partner and the other way; below zero, the other way
    round.
    """

    lane: int
    agreement_id: int
    lender_owes_minor: int
    partner_owes_minor: int


class ShareOutOfRange(Refusal, frozen=True, kw_only=True):
    en = "A partner's share of {share} is not possible. Choose one above 0 % and up to {most}."
    zh = "合作方出资比例不能为 {share}。请选择大于 0 % 且不超过 {most} 的比例。"

    share: str
    most: str


class OwnShareTooSmall(Refusal, frozen=True, kw_only=True):
    en = (
        "A partner's share of {share} leaves us {own} of each loan; {program} asks for {own_least} or more. "
        "Choose a share of {most} or less."
    )
    zh = "合作方出资 {share} 时，我方每笔仅出资 {own}；{program} 要求不低于 {own_least}。请将合作方比例设为 {most} 或更低。"

    share: str
    own: str
    own_least: str
    most: str
    program: str


class CapNotPositive(Refusal, frozen=True, kw_only=True):
    en = "An agreement with a cap of {cap_minor} could fund nothing. Choose a cap above zero."
    zh = "余额上限 {cap_minor} 无法为任何贷款出资，请设置大于零的上限。"

    cap_minor: int


class FundsNoProgram(Refusal, frozen=True, kw_only=True):
    en = "There is no program {program} to fund. Choose from: {known}."
    zh = "没有可出资的产品 {program}。可选：{known}。"

    program: str
    known: str


class FundingDatesImpossible(Refusal, frozen=True, kw_only=True):
    en = "New loans cannot be funded from {from_on} until {until_on}. Begin on {first_on} or later, and end after that."
    zh = "出资期不能从{from_on}到{until_on}。请从{first_on}或之后开始，并在其后结束。"

    from_on: date
    until_on: date
    first_on: date


class PartnerHasAgreement(Refusal, frozen=True, kw_only=True):
    en = "{partner} has an open agreement already. Close it first; its loans stay shared until they are paid."
    zh = "{partner} 已有生效的出资协议。请先终止该协议；已放款的贷款仍按原比例分担至结清。"

    partner: str
    agreement_id: int


class FundingNotOpen(Refusal, frozen=True, kw_only=True):
    en = "This agreement with {partner} is closed already. Nothing was changed."
    zh = "与 {partner} 的出资协议已终止，未作任何更改。"

    partner: str
    agreement_id: int


def decide(
    command: OpenFunding,
    at: At,
    *,
    terms_of: Callable[[str], Terms],
    programs: Sequence[str],
    others: Iterable[FundingAgreement],
) -> tuple[FundingAgreed] | Refusal:
    """terms_of: today's, by the program's name. programs: all that there are. others: agreements that are open."""
    servicing, from_on = command.servicing_ppm, command.from_on or at.on
    for ppm, least in ((command.share_ppm, 1), (servicing, 0)):
        if not least <= ppm < MILLION:
            return ShareOutOfRange(share=percent(ppm), most=percent(MILLION - 1))
    if command.cap_minor <= 0:
        return CapNotPositive(cap_minor=command.cap_minor)
    unknown = [name for name in command.programs or ("–",) if name not in programs]
    if unknown:
        return FundsNoProgram(program=unknown[0], known=", ".join(programs))
    if from_on < at.on or (command.until_on is not None and command.until_on < from_on):
        return FundingDatesImpossible(from_on=from_on, until_on=command.until_on or date.max, first_on=at.on)
    for name in command.programs:
        most_ppm = partner_share_ppm_max(terms_of(name))
        if command.share_ppm > most_ppm:
            return OwnShareTooSmall(
                share=percent(command.share_ppm),
                own=percent(MILLION - command.share_ppm),
                own_least=percent(MILLION - most_ppm),
                most=percent(most_ppm),
                program=name,
            )
    for other in others:
        if other.partner == command.partner:
            return PartnerHasAgreement(partner=other.partner, agreement_id=other.id)
    agreed = FundingAgreed(
        value_on=at.on,
        agreement_id=command.agreement_id,
        partner=command.partner,
        programs=command.programs,
        share_ppm=command.share_ppm,
        servicing_ppm=servicing,
        cap_minor=command.cap_minor,
        from_on=from_on,
        until_on=command.until_on,
    )
    return (agreed,)


def agreement_of(event: FundingAgreed, *, lane: int) -> FundingAgreement:
    return FundingAgreement(
        id=event.agreement_id,
        lane=lane,
        partner=event.partner,
        programs=event.programs,
        share_ppm=event.share_ppm,
        servicing_ppm=event.servicing_ppm,
        cap_minor=event.cap_minor,
        from_on=event.from_on,
        until_on=event.until_on,
    )


def decide_closed(agreement: FundingAgreement, command: CloseFunding, at: At) -> tuple[FundingClosed] | Refusal:
    if agreement.state == "closed":
        return FundingNotOpen(partner=agreement.partner, agreement_id=agreement.id)
    return (FundingClosed(value_on=at.on, agreement_id=agreement.id, reason=command.reason),)


def decide_settled(command: SettlePartner, at: At) -> tuple[PartnerSettled]:
    """Net what both owe; the rest is paid by whoever owes it."""
    net_minor = max(min(command.lender_owes_minor, command.partner_owes_minor), 0)
    return (
        PartnerSettled(
            value_on=at.on,
            agreement_id=command.agreement_id,
            net_minor=net_minor,
            lender_pays_minor=command.lender_owes_minor - net_minor,
            partner_pays_minor=command.partner_owes_minor - net_minor,
        ),
    )


# ── a loan begins ─────────────────────────────────────────────────────────────────────────────────────────────────


def funded(
    event: Event, agreements: Iterable[FundingAgreement], program: str, terms: Terms, left_minor: Callable[[int], int]
) -> Event:
    """The event with its funding, if a loan begins with it that an agreement funds; else as it is.

    left_minor: what the cap of an agreement leaves, by its id.
    """
    if not isinstance(event, Captured | Received | Escrowed) or not _begins(event):
        return event
    for agreement in agreements:
        if not agreement.funds(program, event.value_on):
            continue
        share_ppm = min(agreement.share_ppm, partner_share_ppm_max(terms))
        partner_minor = share_minor(event.credit_minor, share_ppm)
        if 0 < partner_minor <= left_minor(agreement.id):
            funding = LoanFunding(
                agreement_id=agreement.id,
                share_ppm=share_ppm,
                servicing_ppm=agreement.servicing_ppm,
                partner_minor=partner_minor,
            )
            return replace(event, funding=funding)
    return event


def partner_share_ppm_max(terms: Terms) -> int:
    """What the house's least own share leaves to a partner, rounded down."""
    return int((1 - terms.own_share_min) * MILLION)


def percent(ppm: int) -> str:
    """Parts per million as people write them: 12.5 %"""
    return f"{(Decimal(ppm) / 10_000).normalize():f} %"


def _begins(event: Captured | Received | Escrowed) -> bool:
    """Whether all of a loan begins with this event; one that began when it was paid does not begin at receipt."""
    if event.credit_minor == 0:
        return False
    return event.drawn if isinstance(event, Escrowed) else not (isinstance(event, Received) and event.drawn)
