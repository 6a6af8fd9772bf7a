"""The day close: what the calendar owes everybody, after midnight and never in anybody's way.

`close_through` brings the house to a day: it rolls the date, lets the clock act on every line that has something due,
confirms receipts and expires holds, sweeps yesterday's windows, squares lender, payment institution and mall, pays merchants
out, and proves the books. No payment is refused meanwhile. Each step is a command with a key of its own, so a close that was
cut off simply runs again; an account whose close fails and a window that cannot be swept are parked with their reason, and the
others go on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import Any, LiteralString, NamedTuple, Protocol

import structlog
from psycopg import Connection
from psycopg.rows import namedtuple_row

from florin.campaigns.watch import WatchBudget
from florin.credit.funding import SettlePartner
from florin.credit.program import load_program, program_names
from florin.credit.repayment_hold import PayCreditBalance
from florin.credit.settle_buyer import SettleBuyer
from florin.credit.terms import Program
from florin.engine import autopay, clock
from florin.engine.actions import AdvanceLine
from florin.engine.closers import close_lanes
from florin.engine.engine import Engine
from florin.engine.ids import lane_of
from florin.engine.merchant_days import record_merchant_days
from florin.engine.payout_batches import gather_payouts
from florin.engine.proof import Proof, prove_day, record_proof
from florin.engine.provisioning import provisions
from florin.engine.submission import Busy, Outcome, Submission, job
from florin.payments.close import Close
from florin.payments.receive import Receive
from florin.payments.requests.lapse import LapseRequest
from florin.payments.reserve import HoldReserve, ReleaseReserve
from florin.payments.settle import PayOut, SettleBooks, SettleMall, SettleNetwork, Sweep, SweepFees
from florin.payments.settlement_terms import Calendar, pays_out_on
from florin.payments.void import Void

log = structlog.get_logger(__name__)

CHUNK = 100
# Windows of one merchant lie in up to as many lanes as there are, and change one balance.
SWEEPS_TOGETHER = 500


class Bank(autopay.Bank, Protocol):
    """The bank port, as the day close needs it: orders between the house's accounts, debits of shoppers' own. Simulated or
    real, it may answer later.
    """

    def move(self, *, debit: str, credit: str, amount_minor: int, reference: str, on: date) -> None:
        """Move money between two of the house's own accounts ("safeguarded", "own", "lender", "mall"), to or from its partner
        banks' ("partner"), or to a buyer of claims ("buyer") or a card's network ("network"), once for a reference.
        """


class CloseUnfinished(RuntimeError):
    """A step of settlement was not done: the day stays open until the close, run again, has done it."""


class DayClosed(NamedTuple):
    """What one day close did. debited: lines whose autopay was tried. parked, windows_parked: lines and merchants' windows that
    are left with a reason. seconds: what each part took.
    """

    on: date
    lines: int
    parked: int
    debited: int
    received: int
    expired: int
    swept: int
    windows_parked: int
    paid_out: int
    proof: Proof
    seconds: dict[str, float] = {}  # noqa: RUF012 - of a value that nobody changes


def close_through(engine: Engine, connection: Connection, to_on: date, *, bank: Bank) -> list[DayClosed]:
    """Close every day up to `to_on`, missed ones included, each before the next begins.

    connection: of the engine's role, used by nobody else meanwhile. Raises clock.BatchHangs, CloseUnfinished.
    """
    days = []
    while (on := clock.read(connection).on) <= to_on:
        if _closed_through(connection) < on - timedelta(days=1):
            days.append(close_day(engine, connection, on, bank=bank))
        if on == to_on:
            break
        autopay.autopay(engine, connection, on, 2, bank=bank)
        clock.roll(connection, on)
    return days


def close_day(engine: Engine, connection: Connection, on: date, *, bank: Bank) -> DayClosed:
    """Close the day before `on`, the business date. Running it again does what was left undone, and nothing twice.

    Raises clock.BatchHangs, CloseUnfinished.
    """
    yesterday = on - timedelta(days=1)
    # Whoever rolled may have died, or given up, before the last batch of yesterday had ended.
    clock.await_older_batches(connection)
    watch = _Watch()
    lines, parked = _advance_lines(engine, connection, on)
    _pay_cleared_balances(engine, connection, on)
    watch.lap("lines")
    autopay.ask_again(engine, connection, on, bank=bank)
    debited = autopay.autopay(engine, connection, on, 1, bank=bank)
    watch.lap("autopay")
    # First what silence means: a clock that goes on may be due today.
    _lapse_due(engine, connection, on)
    received = _receive_due(engine, connection, on)
    expired = expire_due(engine, connection)
    watch.lap("receipts")
    swept, windows_parked = _sweep_windows(engine, connection, yesterday)
    _keep_reserves(engine, connection, on)
    _settle_books(engine, connection, on, bank)
    _settle_mall(engine, connection, on, bank)
    _settle_network(engine, connection, on, bank)
    _settle_partners(engine, connection, on, bank)
    _settle_buyers(engine, connection, on, bank)
    _sweep_fees(engine, connection, on, bank)
    record_merchant_days(connection, since_on=_closed_through(connection), on=on)
    watch.lap("settlement")
    proof = prove_day(connection)
    record_proof(connection, on, proof)
    watch.lap("proof")
    # Books that differ stop payouts, never payments; what is available waits for a proof that holds.
    paid_out = _pay_out(engine, connection, on) if proof.holds else 0
    if proof.holds:
        _settle(engine, provisions(connection, on))
    connection.execute("UPDATE clock SET closed_through = %s WHERE closed_through < %s", (yesterday, yesterday))
    connection.commit()
    watch.lap("payouts")
    closed = DayClosed(
        on, lines, parked, debited, received, expired, swept, windows_parked, paid_out, proof, watch.seconds
    )
    log.info("day closed", **{name: str(value) for name, value in closed._asdict().items() if name != "proof"})
    return closed


# ── lines ─────────────────────────────────────────────────────────────────────────────────────────────────────────

_DUE_LINES = """
    SELECT l.id FROM line l
     WHERE l.next_action_on <= %(on)s AND l.id <> ALL (%(left)s::bigint[])
       AND NOT EXISTS (SELECT FROM parked_line p WHERE p.lane = l.lane AND p.line_id = l.id)
  ORDER BY l.next_action_on, l.lane, l.id
     LIMIT %(chunk)s
"""
_PARK = """
    INSERT INTO parked_line (lane, line_id, reason, parked_at)
    SELECT %(lane)s, %(line_id)s, %(reason)s, now() + offset_s * interval '1 second' FROM clock
        ON CONFLICT DO NOTHING
"""


def _advance_lines(engine: Engine, connection: Connection, on: date) -> tuple[int, int]:
    """(advanced, parked). Closers do what goes smoothly; the engine does the rest chunk by chunk, and names what fails.

    A line that somebody holds all the while is left for the next close; its own actions bring it up to date meanwhile.
    """
    closed = close_lanes(engine.dsn, connection, on)
    advanced, parked = _advance_left(engine, connection, on)
    return closed + advanced, parked


def _advance_left(engine: Engine, connection: Connection, on: date) -> tuple[int, int]:
    advanced = parked = 0
    before: set[int] = set()
    left: list[int] = []
    while due := {row.id for row in _rows(connection, _DUE_LINES, on=on, chunk=CHUNK, left=left)}:
        outcomes = dict(
            zip(due, engine.execute([Submission(command=AdvanceLine(line_id=i)) for i in due]), strict=True)
        )
        for line_id, outcome in outcomes.items():
            if isinstance(outcome.refusal, Busy):
                left.append(line_id)
            elif outcome.refusal is not None or line_id in before:
                reason = (
                    "stays due" if outcome.refusal is None else f"{outcome.refusal.name} {outcome.refusal.numbers()}"
                )
                connection.execute(_PARK, {"lane": lane_of(line_id), "line_id": line_id, "reason": reason})
                connection.commit()
                parked += 1
            else:
                advanced += 1
        before = due
    return advanced, parked


# ── credit balances ───────────────────────────────────────────────────────────────────────────────────────────────

# What has cleared of it; money that came otherwise went to the wallet when it came.
_CLEARED_BALANCES = """
    SELECT l.id FROM line l
     WHERE l.program = ANY (%(programs)s)
       AND l.credit_balance_minor > coalesce((SELECT sum((u ->> 'balance_minor')::bigint)
                                                FROM jsonb_array_elements(l.particulars -> 'uncleared') u), 0)
  ORDER BY l.lane, l.id LIMIT %(chunk)s
"""


def _pay_cleared_balances(engine: Engine, connection: Connection, on: date) -> None:
    """Pay to wallets what was held until it cleared. Only lines of programs that hold repayments are looked at."""
    programs = [name for name in program_names() if _holds_repayments(load_program(name), on)]
    if programs:
        _drain(
            engine,
            connection,
            _CLEARED_BALANCES,
            lambda row: Submission(command=PayCreditBalance(line_id=row.id)),
            programs=programs,
        )


def _holds_repayments(program: Program, on: date) -> bool:
    held = any(version.terms.repayment_hold_days for version in program.versions)
    return held and program.terms_on(on).credit_balance_to_wallet


# ── receipts and expiries ─────────────────────────────────────────────────────────────────────────────────────────

_TO_CONFIRM = """
    SELECT id FROM payment WHERE state = 2 AND confirm_on <= %(on)s ORDER BY confirm_on, lane, id LIMIT %(chunk)s
"""
_TO_LAPSE = """
    SELECT id, payment_id FROM refund_request
     WHERE state <= 5 AND due_on < %(on)s AND id <> ALL (%(left)s::bigint[])
  ORDER BY due_on, lane, id
     LIMIT %(chunk)s
"""
_HOLDS_OVER = """
    SELECT p.id FROM payment p, clock c
     WHERE p.state = 1 AND p.expires_at <= now() + c.offset_s * interval '1 second'
  ORDER BY p.expires_at, p.lane, p.id LIMIT %(chunk)s
"""
_TRADES_OVER = """
    SELECT t.id FROM trade t, clock c
     WHERE t.state = 1 AND t.expires_at <= now() + c.offset_s * interval '1 second'
  ORDER BY t.expires_at, t.lane, t.id LIMIT %(chunk)s
"""


def _receive_due(engine: Engine, connection: Connection, on: date) -> int:
    """Confirm receipt where the buyer has not and the clock may."""
    return _drain(
        engine, connection, _TO_CONFIRM, lambda row: Submission(command=Receive(payment_id=row.id, by="clock")), on=on
    )


def _lapse_due(engine: Engine, connection: Connection, on: date) -> int:
    """Refund requests whose day is over: silence has its meaning. One that is refused is tried by the next close."""
    done, left = 0, [0]
    while rows := _rows(connection, _TO_LAPSE, on=on, left=left, chunk=CHUNK):
        outcomes = engine.execute(
            [Submission(command=LapseRequest(request_id=row.id, payment_id=row.payment_id)) for row in rows]
        )
        for row, outcome in zip(rows, outcomes, strict=True):
            if outcome.refusal is not None:
                log.warning("a refund request is left", request_id=row.id, refusal=outcome.refusal.name)
        done += sum(outcome.event is not None for outcome in outcomes)
        left += [row.id for row in rows]
    return done


def expire_due(engine: Engine, connection: Connection) -> int:
    """Record what is expired already: holds are released, unpaid trades closed. Also run between two closes."""
    holds = _drain(
        engine, connection, _HOLDS_OVER, lambda row: Submission(command=Void(payment_id=row.id, reason="expired"))
    )
    trades = _drain(
        engine, connection, _TRADES_OVER, lambda row: Submission(command=Close(trade_id=row.id, reason="expired"))
    )
    return holds + trades


def watch_budgets(engine: Engine, connection: Connection) -> int:
    """Say of each budget that it has run low, or has enough again, since somebody looked; how many. Run between two closes."""
    rows = connection.execute(_CROSSED).fetchall()
    connection.commit()
    outcomes = engine.execute(
        [Submission(command=WatchBudget(campaign_id=campaign_id, left_minor=left)) for campaign_id, left in rows]
    )
    return sum(outcome.event is not None for outcome in outcomes)


_CROSSED = """
    SELECT c.id, sum(b.allotted_minor - b.spent_minor)::bigint AS left_minor
      FROM campaign c JOIN campaign_budget b ON b.lane = c.lane AND b.id = c.id
     WHERE c.terms ? 'warning_minor' AND (c.state = 1 OR c.low = 1)
  GROUP BY c.lane, c.id
    HAVING (sum(b.allotted_minor - b.spent_minor) < (c.terms->>'warning_minor')::bigint) <> (c.low = 1)
  ORDER BY c.id
     LIMIT 100
"""


# ── settlement ────────────────────────────────────────────────────────────────────────────────────────────────────

# A window's payable is all that moved on it that day but its own sweep. Windows of closed days alone, each once; and those
# that were parked on an earlier day.
_WINDOWS = """
    SELECT w.lane, w.merchant_id, w.window_on, w.amount_minor
      FROM (SELECT p.lane, p.owner_id AS merchant_id, p.posted_on AS window_on, sum(p.signed_minor)::bigint AS amount_minor
              FROM posting_line p
             WHERE p.name = 'MERCHANT_PAYABLE' AND p.kind <> 60
               AND p.posted_on > %(since_on)s AND p.posted_on < %(on)s
          GROUP BY 1, 2, 3
             UNION
            SELECT lane, merchant_id, window_on, amount_minor FROM parked_window) w
     WHERE w.amount_minor <> 0
       AND NOT EXISTS (SELECT FROM sweep s
                        WHERE s.lane = w.lane AND s.merchant_id = w.merchant_id AND s.window_on = w.window_on)
  ORDER BY w.merchant_id, w.lane, w.window_on      -- so that a batch holds the balances of few merchants
"""
_PARK_WINDOW = """
    INSERT INTO parked_window (lane, merchant_id, window_on, amount_minor, reason, parked_at)
    SELECT %(lane)s, %(merchant_id)s, %(window_on)s, %(amount_minor)s, %(reason)s, now() + offset_s * interval '1 second'
      FROM clock
        ON CONFLICT (lane, merchant_id, window_on) DO UPDATE SET reason = excluded.reason
"""
_UNPARK_SWEPT = """
    DELETE FROM parked_window p USING sweep s
     WHERE s.lane = p.lane AND s.merchant_id = p.merchant_id AND s.window_on = p.window_on
"""
_PAIRS = """
    SELECT p.lane,
           coalesce(sum(p.signed_minor) FILTER (WHERE p.name = 'LENDER_DUE_TO_PAYMENTS'), 0)::bigint AS lender_owes,
           coalesce(sum(p.signed_minor) FILTER (WHERE p.name = 'LENDER_DUE_FROM_PAYMENTS'), 0)::bigint AS institution_owes
      FROM posting_line p
     WHERE p.name IN ('LENDER_DUE_TO_PAYMENTS', 'LENDER_DUE_FROM_PAYMENTS') AND p.kind <> 66
       AND p.posted_on > %(since_on)s AND p.posted_on < %(on)s
  GROUP BY p.lane
  ORDER BY p.lane
"""
_MALL = """
    SELECT p.lane,
           coalesce(sum(p.signed_minor) FILTER (WHERE p.name = 'PAYMENTS_DUE_FROM_MALL'), 0)::bigint AS institution,
           coalesce(sum(p.signed_minor) FILTER (WHERE p.name = 'LENDER_DUE_FROM_MALL'), 0)::bigint AS lender,
           coalesce(sum(p.signed_minor) FILTER (WHERE p.name = 'PAYMENTS_DUE_TO_MALL'), 0)::bigint AS commission
      FROM posting_line p
     WHERE p.name IN ('PAYMENTS_DUE_FROM_MALL', 'LENDER_DUE_FROM_MALL', 'PAYMENTS_DUE_TO_MALL') AND p.kind <> 134
       AND p.posted_on > %(since_on)s AND p.posted_on < %(on)s
  GROUP BY p.lane
  ORDER BY p.lane
"""
_NETWORK = """
    SELECT p.lane,
           coalesce(sum(p.signed_minor) FILTER (WHERE p.name = 'PAYMENTS_DUE_TO_NETWORK'), 0)::bigint AS institution,
           coalesce(sum(p.signed_minor) FILTER (WHERE p.name = 'LENDER_DUE_TO_NETWORK'), 0)::bigint AS lender
      FROM posting_line p
     WHERE p.name IN ('PAYMENTS_DUE_TO_NETWORK', 'LENDER_DUE_TO_NETWORK') AND p.kind <> 220
       AND p.posted_on > %(since_on)s AND p.posted_on < %(on)s
  GROUP BY p.lane
  ORDER BY p.lane
"""
# Each loan's subject is its payment, which names the agreement.
_PARTNERS = """
    SELECT p.lane, j.agreement_id,
           coalesce(sum(p.signed_minor) FILTER (WHERE p.name = 'LENDER_DUE_TO_PARTNER'), 0)::bigint AS lender_owes,
           coalesce(sum(p.signed_minor) FILTER (WHERE p.name = 'LENDER_DUE_FROM_PARTNER'), 0)::bigint AS partner_owes
      FROM posting_line p JOIN joint_loan j ON j.lane = p.lane AND j.id = p.subject_id
     WHERE p.name IN ('LENDER_DUE_TO_PARTNER', 'LENDER_DUE_FROM_PARTNER') AND p.kind <> 182
       AND p.posted_on > %(since_on)s AND p.posted_on < %(on)s
  GROUP BY 1, 2
  ORDER BY 1, 2
"""
_ANY_PARTNER = "SELECT EXISTS (SELECT FROM funding_agreement) AS found"
# What was passed on (rule 186): whose it is says the line's last sale before. Few houses sell claims, and the index
# `event_of_claim_sale` says at once that none was.
_ANY_SALE = "SELECT EXISTS (SELECT FROM event WHERE kind = 163) AS found"
_BUYERS = """
    SELECT e.lane, s.buyer, sum(sign(x.rule) * x.amount)::bigint AS passed_on
      FROM event e
           CROSS JOIN LATERAL unnest(e.rules, e.amounts) AS x(rule, amount)
           CROSS JOIN LATERAL (SELECT s.body->>'buyer' AS buyer FROM event s
                                WHERE s.lane = e.lane AND s.line_id = e.line_id AND s.sequence < e.sequence AND s.kind = 163
                             ORDER BY s.sequence DESC
                                LIMIT 1) s
     WHERE e.posted_on > %(since_on)s AND e.posted_on < %(on)s AND abs(x.rule) = 186
  GROUP BY 1, 2
    HAVING sum(sign(x.rule) * x.amount) <> 0
  ORDER BY 1, 2
"""
# What is the institution's own: its fees, less what it owes of them for cards.
_FEES = """
    SELECT p.lane, sum(CASE WHEN a.side = 1 THEN -p.signed_minor ELSE p.signed_minor END)::bigint AS amount_minor
      FROM posting_line p JOIN account a ON a.code = p.code
     WHERE p.name IN ('MDR_INCOME', 'WITHDRAWAL_INCOME', 'INTERCHANGE_COST', 'PAYMENTS_NETWORK_COST')
       AND p.posted_on > %(since_on)s AND p.posted_on < %(on)s
  GROUP BY p.lane
    HAVING sum(CASE WHEN a.side = 1 THEN -p.signed_minor ELSE p.signed_minor END) <> 0
  ORDER BY p.lane
"""
_AVAILABLE = """
    SELECT id FROM merchant_balance WHERE available_minor > 0 AND held_because = '' ORDER BY lane, id
"""
_BROUGHT = """
    SELECT merchant_id, sum(amount_minor)::bigint AS brought_minor
      FROM sweep
     WHERE swept_on = %(on)s AND merchant_id = ANY (%(merchant_ids)s)
  GROUP BY merchant_id
    HAVING sum(amount_minor) > 0
  ORDER BY merchant_id
"""
_RESERVES_OVER = """
    SELECT id, merchant_id FROM reserve_hold
     WHERE release_on <= %(on)s AND released_on IS NULL
  ORDER BY release_on, lane, id
     LIMIT %(chunk)s
"""
_HOLIDAYS = (
    "SELECT on_day, is_open FROM bank_holiday WHERE on_day BETWEEN %(from_on)s AND %(on)s ORDER BY on_day LIMIT 100"
)


def _sweep_windows(engine: Engine, connection: Connection, through: date) -> tuple[int, int]:
    """(swept, parked). A window that somebody holds stops the close; one that is refused waits for the next, parked."""
    rows = _of_open_days(connection, _WINDOWS, through + timedelta(days=1))
    # A refusal is no answer for good: the window is tried again by every close until it is swept.
    outcomes = _execute(engine, [_sweep(row) for row in rows], chunk=SWEEPS_TOGETHER)
    refused = [(row, outcome.refusal) for row, outcome in zip(rows, outcomes, strict=True) if outcome.refusal]
    parked = [(row, refusal) for row, refusal in refused if not isinstance(refusal, Busy)]
    for row, refusal in parked:
        reason = f"{refusal.name} {refusal.numbers()}"
        connection.execute(_PARK_WINDOW, {**row._asdict(), "reason": reason})
        log.warning("window parked", merchant_id=row.merchant_id, window_on=str(row.window_on), reason=reason)
    connection.execute(_UNPARK_SWEPT)
    connection.commit()
    if len(refused) > len(parked):
        raise CloseUnfinished(f"{len(refused) - len(parked)} of {len(rows)} windows were not swept: Busy")
    return len(rows) - len(parked), len(parked)


def _sweep(row: Any) -> Submission:
    command = Sweep(merchant_id=row.merchant_id, lane=row.lane, window_on=row.window_on, amount_minor=row.amount_minor)
    return job(f"sweep/{row.lane}/{row.merchant_id}/{row.window_on}", command, keeps_refusal=False)


def _keep_reserves(engine: Engine, connection: Connection, on: date) -> None:
    """Keep the share of what each merchant was swept today that his terms say, and give free what was kept long enough."""
    merchant_ids = [m.id for m in engine.reference.merchants.values() if m.settlement_on(on).reserve_ppm]
    if merchant_ids:
        holds = [
            job(
                f"reserve/{row.merchant_id}/{on}",
                HoldReserve(
                    hold_id=engine.new_id(lane_of(row.merchant_id)),
                    merchant_id=row.merchant_id,
                    brought_minor=row.brought_minor,
                ),
                keeps_refusal=False,
            )
            for row in _rows(connection, _BROUGHT, on=on, merchant_ids=merchant_ids)
        ]
        _execute(engine, holds)
    _drain(
        engine,
        connection,
        _RESERVES_OVER,
        lambda row: job(
            f"reserve-over/{row.id}",
            ReleaseReserve(hold_id=row.id, merchant_id=row.merchant_id),
            keeps_refusal=False,
        ),
        on=on,
    )


def _settle_books(engine: Engine, connection: Connection, on: date, bank: Bank) -> None:
    """Net each lane's pair of yesterday; one bank line for what either side then owes the other.

    A day on which more was given back than was owed sums below zero, and is settled the other way.
    """
    rows = [row for row in _of_open_days(connection, _PAIRS, on) if row.lender_owes or row.institution_owes]
    for row in rows:
        _move(bank, "lender", "safeguarded", row.lender_owes - row.institution_owes, f"books/{row.lane}/{on}", on)
    _settle(
        engine,
        [
            job(
                f"books/{row.lane}/{on}",
                SettleBooks(
                    lane=row.lane, lender_owes_minor=row.lender_owes, institution_owes_minor=row.institution_owes
                ),
            )
            for row in rows
        ],
    )


def _settle_mall(engine: Engine, connection: Connection, on: date, bank: Bank) -> None:
    """What the mall's campaigns owed the others for yesterday leaves its account; what came back of it, and the mall's own fees
    on sales, come to it.
    """
    rows = [row for row in _of_open_days(connection, _MALL, on) if row.institution or row.lender or row.commission]
    for row in rows:
        _move(bank, "mall", "safeguarded", row.institution - row.commission, f"mall/{row.lane}/{on}", on)
        _move(bank, "mall", "lender", row.lender, f"mall-lender/{row.lane}/{on}", on)
    _settle(
        engine,
        [
            job(
                f"mall/{row.lane}/{on}",
                SettleMall(
                    lane=row.lane,
                    institution_minor=row.institution,
                    lender_minor=row.lender,
                    commission_minor=row.commission,
                ),
            )
            for row in rows
        ],
    )


def _settle_network(engine: Engine, connection: Connection, on: date, bank: Bank) -> None:
    """What cards owed their network for yesterday, each side its half, one bank line a lane and side."""
    rows = [row for row in _of_open_days(connection, _NETWORK, on) if row.institution or row.lender]
    for row in rows:
        _move(bank, "safeguarded", "network", row.institution, f"network/{row.lane}/{on}", on)
        _move(bank, "lender", "network", row.lender, f"network-lender/{row.lane}/{on}", on)
    _settle(
        engine,
        [
            job(
                f"network/{row.lane}/{on}",
                SettleNetwork(lane=row.lane, institution_minor=row.institution, lender_minor=row.lender),
            )
            for row in rows
        ],
    )


def _settle_partners(engine: Engine, connection: Connection, on: date, bank: Bank) -> None:
    """Net what lender and each partner bank came to owe each other yesterday, lane by lane; the rest is one bank line."""
    if not _rows(connection, _ANY_PARTNER)[0].found:
        return
    rows = [row for row in _of_open_days(connection, _PARTNERS, on) if row.lender_owes or row.partner_owes]
    steps = []
    for row in rows:
        reference = f"partner/{row.agreement_id}/{row.lane}/{on}"
        _move(bank, "lender", "partner", row.lender_owes - row.partner_owes, reference, on)
        command = SettlePartner(
            lane=row.lane,
            agreement_id=row.agreement_id,
            lender_owes_minor=row.lender_owes,
            partner_owes_minor=row.partner_owes,
        )
        steps.append(job(reference, command))
    _settle(engine, steps)


def _settle_buyers(engine: Engine, connection: Connection, on: date, bank: Bank) -> None:
    """What arrived yesterday of claims that were sold goes to their buyers, lane by lane, one bank line each."""
    if not _rows(connection, _ANY_SALE)[0].found:
        return
    rows = _of_open_days(connection, _BUYERS, on)
    steps = []
    for row in rows:
        reference = f"buyer/{row.buyer}/{row.lane}/{on}"
        if row.passed_on > 0:
            _move(bank, "lender", "buyer", row.passed_on, reference, on)
        steps.append(job(reference, SettleBuyer(lane=row.lane, buyer=row.buyer, passed_on_minor=row.passed_on)))
    _settle(engine, steps)


def _sweep_fees(engine: Engine, connection: Connection, on: date, bank: Bank) -> None:
    """Yesterday's fees leave the safeguarded account; where more was given back than earned, the rest comes back to it."""
    rows = _of_open_days(connection, _FEES, on)
    for row in rows:
        _move(bank, "safeguarded", "own", row.amount_minor, f"fees/{row.lane}/{on}", on)
    _settle(
        engine,
        [job(f"fees/{row.lane}/{on}", SweepFees(lane=row.lane, amount_minor=row.amount_minor)) for row in rows],
    )


def _pay_out(engine: Engine, connection: Connection, on: date) -> int:
    """Pay out what was swept and the terms of each merchant let go today, one payout a merchant and day. The bank settles it in
    its own time.
    """
    calendar = Calendar(dict(_rows(connection, _HOLIDAYS, from_on=on - timedelta(days=7), on=on)))
    merchants = engine.reference.merchants
    due = [
        row
        for row in _rows(connection, _AVAILABLE)
        if row.id in merchants and pays_out_on(merchants[row.id].settlement_on(on), on, calendar)
    ]
    submissions = [
        job(
            f"payout/{row.id}/{on}",
            PayOut(payout_id=engine.new_id(lane_of(row.id)), merchant_id=row.id),
            keeps_refusal=False,
        )
        for row in due
    ]
    paid = sum(outcome.event is not None for outcome in _execute(engine, submissions))
    gather_payouts(connection, on)
    return paid


def _move(bank: Bank, debit: str, credit: str, amount_minor: int, reference: str, on: date) -> None:
    """One bank line; an amount below zero moves the other way."""
    if amount_minor < 0:
        debit, credit = credit, debit
    if amount_minor:
        bank.move(debit=debit, credit=credit, amount_minor=abs(amount_minor), reference=reference, on=on)


class _Watch:
    """What each part took, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.monotonic()

    def lap(self, part: str) -> None:
        now = time.monotonic()
        self.seconds[part], self._since = round(now - self._since, 3), now


# ── small things ──────────────────────────────────────────────────────────────────────────────────────────────────


def _rows(connection: Connection, statement: LiteralString, **parameters: Any) -> list[Any]:
    """A reading of its own transaction: nothing stays open while the engine works on what was found."""
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        rows = cursor.execute(statement, parameters).fetchall()
    connection.commit()
    return rows


def _of_open_days(connection: Connection, statement: LiteralString, on: date) -> list[Any]:
    """What a question finds on the days before `on` that are not closed. They are told as values: by a join with the clock no
    index would lead to them, and every event would be read.
    """
    return _rows(connection, statement, since_on=_closed_through(connection), on=on)


def _drain(
    engine: Engine,
    connection: Connection,
    statement: LiteralString,
    submission: Callable[[Any], Submission],
    **parameters: Any,
) -> int:
    """Take what is due in chunks until a chunk changes nothing any more."""
    done = 0
    while rows := _rows(connection, statement, chunk=CHUNK, **parameters):
        moved = sum(outcome.event is not None for outcome in engine.execute([submission(row) for row in rows]))
        done += moved
        if moved == 0:
            break
    return done


def _execute(engine: Engine, submissions: Sequence[Submission], *, chunk: int = CHUNK) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for together in _chunks(submissions, chunk):
        outcomes += engine.execute(together)
    return outcomes


def _settle(engine: Engine, submissions: Sequence[Submission]) -> list[Outcome]:
    """Steps without which the day is not closed: what is left out now, no later day would look for."""
    outcomes = _execute(engine, submissions)
    left = [outcome.refusal for outcome in outcomes if outcome.refusal is not None]
    if left:
        raise CloseUnfinished(
            f"{len(left)} of {len(outcomes)} steps were not done, first: {left[0].name} {left[0].numbers()}"
        )
    return outcomes


def _chunks(submissions: Sequence[Submission], chunk: int) -> Iterable[Sequence[Submission]]:
    return (submissions[start : start + chunk] for start in range(0, len(submissions), chunk))


def _closed_through(connection: Connection) -> date:
    row = connection.execute("SELECT closed_through FROM clock").fetchone()
    connection.commit()
    assert row is not None
    closed: date = row[0]
    return closed
