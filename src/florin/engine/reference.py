"""Reference: merchants, apps, programs and where they are accepted, as a process keeps them in memory.

Small, read by every command, changed seldom: so each batch asks only for their version, and reloads them before it decides
when it moved. A merchant who is frozen stops in every process from the next batch on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import NamedTuple

import msgspec
from msgspec.structs import replace
from psycopg import Connection
from psycopg.rows import class_row, tuple_row

from florin.campaigns.campaign import Campaign
from florin.credit.funding import FundingAgreement
from florin.credit.program import add_program, load_program, program_of
from florin.credit.terms import Program, Terms
from florin.engine.tables.acceptance import load_acceptance
from florin.engine.tables.campaign import CAMPAIGN, campaign_of
from florin.engine.tables.joint import FUNDING_AGREEMENT, agreement_of
from florin.market import ANYWHERE, Acceptance
from florin.payments.counter import Terminal
from florin.payments.fee_plan import FeeAssignment, FeePlan, fee_plan_of, fee_preset, version_of
from florin.payments.merchant import App, Merchant
from florin.payments.requests.terms import know_own_terms, versions_of
from florin.payments.settlement_terms import SettlementTerms
from florin.presets import fee_preset_names
from florin.wallet.fee import FREE_OF_CHARGE, WithdrawalTerms

_MERCHANTS = """
    SELECT id, lane, name, name_zh, state, mdr_ppm, mdr_refunded, negative_limit_minor, category, market, refund_order
      FROM merchant ORDER BY id LIMIT 1000000
"""
_APPS = """
    SELECT id, merchant_id, name, wire, market, state, notify_url, allow_loopback, mall
      FROM app ORDER BY id LIMIT 1000000
"""

_SETTLEMENT = """
    SELECT merchant_id, array_agg(terms::text ORDER BY from_on) FROM settlement_terms GROUP BY merchant_id ORDER BY merchant_id
"""
_TERMINALS = """
    SELECT t.id, s.merchant_id, t.app_id, t.code, s.code AS store_code, s.name AS store, s.name_zh AS store_zh,
           t.state = 'open' AND s.state = 'open' AS is_open
      FROM terminal t JOIN store s ON s.id = t.store_id
  ORDER BY t.id LIMIT 1000000
"""
_OWNER = "SELECT url, allow_loopback FROM owner_endpoint"
_ENDPOINTS = "SELECT id, merchant_id, url, topics FROM webhook_endpoint ORDER BY id LIMIT 100000"
_CAMPAIGNS = f"SELECT {', '.join(column.name for column in CAMPAIGN.columns)} FROM campaign ORDER BY id LIMIT 100000"  # noqa: S608
# Every process reads them again from its next batch on.
MOVE_VERSION = "UPDATE clock SET reference_version = reference_version + 1"
_FEE_PLANS = "SELECT name, source FROM fee_plan ORDER BY name LIMIT 1000"
_FEE_ASSIGNMENTS = "SELECT merchant_id, from_on, plan FROM fee_assignment ORDER BY merchant_id, from_on LIMIT 1000000"
_ESCROW = "SELECT source FROM escrow_version ORDER BY from_on LIMIT 1000"
_PROGRAMS = "SELECT name, source FROM program ORDER BY name LIMIT 1000"
_FUNDINGS = f"""
    SELECT {", ".join(column.name for column in FUNDING_AGREEMENT.columns)}
      FROM funding_agreement WHERE state = 'open' ORDER BY from_on, partner LIMIT 10000
"""  # noqa: S608 - our own list of columns


class OwnerEndpoint(NamedTuple):
    """Where the owner's own systems listen."""

    url: str
    allow_loopback: bool


HOUSE = 0  # whose assignments say what shoppers pay


class Endpoint(NamedTuple):
    """One of a merchant's webhook endpoints. topics: empty for all."""

    id: int
    merchant_id: int
    url: str
    topics: list[str]

    def hears(self, topic: str) -> bool:
        return not self.topics or topic in self.topics


class Reference(NamedTuple):
    """version: of the database's rows. Lookups of an unknown id give None. owner: None where nobody listens. house_fees: by
    which its shoppers are charged, the oldest first.
    """

    version: int
    merchants: dict[int, Merchant]
    apps: dict[int, App]
    owner: OwnerEndpoint | None = None
    campaigns: Mapping[int, Campaign] = {}
    fundings: tuple[FundingAgreement, ...] = ()  # open ones, the oldest first, of one day by name
    acceptance: Acceptance = ANYWHERE
    terminals: Mapping[int, Terminal] = {}
    house_fees: tuple[FeeAssignment, ...] = ()
    endpoints: Mapping[int, tuple[Endpoint, ...]] = {}  # by merchant

    def withdrawal_terms(self, on: date) -> WithdrawalTerms:
        """What a shopper pays for taking money out on a day."""
        version = version_of(self.house_fees, on)
        return FREE_OF_CHARGE if version is None or version.withdrawal is None else version.withdrawal

    def fundings_of(self, program: str, on: date) -> list[FundingAgreement]:
        """Agreements that may fund a loan which begins on a day under a program, in the order in which they are asked."""
        return [funding for funding in self.fundings if funding.funds(program, on)]

    @staticmethod
    def program(name: str) -> Program:
        """The program by its name. Raises ProgramInvalid for one that does not exist."""
        return load_program(name)

    @staticmethod
    def terms(name: str, on: date) -> Terms:
        """The terms of a program on a day."""
        return _terms(name, on)

    @staticmethod
    def group_of(name: str) -> str:
        """The group in which a program shares a limit; empty: none."""
        return _group_of(name)

    @staticmethod
    def first_bill_on(name: str, on: date, cycle_day: int) -> date:
        """The first close of a program that can bill a purchase of a day. cycle_day: the line's own, or 0."""
        return _first_bill_on(name, on, cycle_day)


EMPTY = Reference(0, {}, {})


def load_reference(connection: Connection, version: int) -> Reference:
    with connection.cursor(row_factory=class_row(Merchant)) as cursor:
        merchants = {merchant.id: merchant for merchant in cursor.execute(_MERCHANTS)}
    assigned = fee_assignments(connection)
    for merchant_id, assignments in assigned.items():
        if merchant_id in merchants:
            merchants[merchant_id] = replace(merchants[merchant_id], fee_plans=assignments)
    _load_settlement(connection, merchants)
    with connection.cursor(row_factory=class_row(App)) as cursor:
        apps = {app.id: app for app in cursor.execute(_APPS)}
    with connection.cursor(row_factory=class_row(Terminal)) as cursor:
        terminals = {terminal.id: terminal for terminal in cursor.execute(_TERMINALS)}
    with connection.cursor(row_factory=class_row(OwnerEndpoint)) as cursor:
        owner = cursor.execute(_OWNER).fetchone()
    with connection.cursor(row_factory=tuple_row) as cursor:
        campaigns = {campaign.id: campaign for campaign in map(campaign_of, cursor.execute(_CAMPAIGNS))}
        fundings = tuple(agreement_of(row) for row in cursor.execute(_FUNDINGS))
    know_programs(connection)
    know_escrow_terms(connection)
    acceptance = load_acceptance(connection)
    house_fees = assigned.get(HOUSE, ())
    endpoints: dict[int, tuple[Endpoint, ...]] = {}
    with connection.cursor(row_factory=class_row(Endpoint)) as cursor:
        for endpoint in cursor.execute(_ENDPOINTS):
            endpoints[endpoint.merchant_id] = (*endpoints.get(endpoint.merchant_id, ()), endpoint)
    return Reference(version, merchants, apps, owner, campaigns, fundings, acceptance, terminals, house_fees, endpoints)


def fee_plans(connection: Connection) -> dict[str, FeePlan]:
    """Every plan by its name: the presets, and the house's own, which stand before a preset of the same name."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        own = cursor.execute(_FEE_PLANS).fetchall()
    plans = {name: fee_preset(name) for name in fee_preset_names()}
    return plans | {name: fee_plan_of(source, source=f"{name}.toml") for name, source in own}


def fee_assignments(connection: Connection) -> dict[int, tuple[FeeAssignment, ...]]:
    """Who is on which plan, by merchant, the oldest first; `HOUSE` for what shoppers pay."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_FEE_ASSIGNMENTS).fetchall()
    plans = fee_plans(connection) if rows else {}
    found: dict[int, tuple[FeeAssignment, ...]] = {}
    for merchant_id, from_on, plan in rows:
        found[merchant_id] = (*found.get(merchant_id, ()), FeeAssignment(from_on=from_on, plan=plans[plan]))
    return found


def _load_settlement(connection: Connection, merchants: dict[int, Merchant]) -> None:
    """Give the merchants that have settlement terms of their own all versions of them."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        for merchant_id, texts in cursor.execute(_SETTLEMENT):
            if merchant_id in merchants:
                versions = tuple(msgspec.json.decode(text, type=SettlementTerms) for text in texts)
                merchants[merchant_id] = replace(merchants[merchant_id], settlement=versions)


def know_programs(connection: Connection) -> None:
    """Let this process know the house's own programs, as they are now."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        sources: dict[str, str] = dict(cursor.execute(_PROGRAMS).fetchall())
    for name, source in sources.items():
        if _known.get(name) != source:
            add_program(program_of(source, source=f"{name}.toml"))
            _known[name] = source
            _terms.cache_clear()
            _first_bill_on.cache_clear()
            _group_of.cache_clear()


def know_escrow_terms(connection: Connection) -> None:
    """Let this process know the house's own terms of escrow, as they are now."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        texts = [source for (source,) in cursor.execute(_ESCROW).fetchall()]
    know_own_terms(tuple(version for text in texts for version in versions_of(text)))


_known: dict[str, str] = {}  # the file's text of each program that this process has read


@lru_cache(maxsize=1024)
def _terms(name: str, on: date) -> Terms:
    return load_program(name).terms_on(on)


@lru_cache(maxsize=256)
def _group_of(name: str) -> str:
    return load_program(name).exposure_group


@lru_cache(maxsize=1024)
def _first_bill_on(name: str, on: date, cycle_day: int) -> date:
    return load_program(name).first_bill_on(on, cycle_day)
