"""Joint lending: what is agreed with a partner bank, and settled with it."""

from __future__ import annotations

from datetime import date

from florin.events.base import Event


class FundingAgreed(Event, frozen=True, kw_only=True):
    """A partner bank funds its share of each new loan under these programs, up to a cap on all that is owed to it.

    share_ppm, servicing_ppm: parts per million, as in `LoanFunding`. from_on, until_on: first and last day of new loans.
    """

    kind = 180
    agreement_id: int
    partner: str
    programs: tuple[str, ...]
    share_ppm: int
    servicing_ppm: int
    cap_minor: int
    from_on: date
    until_on: date | None = None


class FundingClosed(Event, frozen=True, kw_only=True):
    """No new loan is funded under the agreement; those that were are shared until they are paid."""

    kind = 181
    agreement_id: int
    reason: str


class PartnerSettled(Event, frozen=True, kw_only=True):
    """Lender and partner bank netted what they owed each other under an agreement in this lane, and the bank moved the rest.

    net_minor: cleared against each other. Of the rest at most one of the two sides is above zero; one below zero was
    settled the other way.
    """

    kind = 182
    agreement_id: int
    net_minor: int
    lender_pays_minor: int
    partner_pays_minor: int
