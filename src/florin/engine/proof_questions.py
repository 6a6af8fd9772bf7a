"""What the proof asks: questions of one shape, (what, expected, found), with a row for each difference.

Those of `OF_BALANCES` ask the relation `balance`: the sum of every account of every owner. The others ask the events: all of
them (`OF_EVENTS`), or those that no daily proof has read yet (`OF_FRESH_EVENTS`).
"""

# ruff: noqa: S608 - put together from its own parts

from __future__ import annotations

from typing import LiteralString, NamedTuple


class Question(NamedTuple):
    name: str
    says: str
    asks: LiteralString


# ── the sum of every account ──────────────────────────────────────────────────────────────────────────────────────

# An event that the last daily proof has not read: of its day or later, and of a batch after the head that it knew.
FRESH: LiteralString = """
       e.posted_on >= %(since_on)s
       AND NOT EXISTS (SELECT FROM proven_head h WHERE h.writer = e.writer AND h.seq >= e.batch)
"""
# Each rule, either way round, with each account that it moves; factor: whether it raises or lowers that account.
_LEGS: LiteralString = """
    leg AS MATERIALIZED (
        SELECT (p.rule * w.way)::smallint AS rule, a.code, a.name, a.owner,
               CASE WHEN s.side * w.way = a.side THEN 1 ELSE -1 END AS factor
          FROM posting p CROSS JOIN (VALUES (1), (-1)) AS w(way) CROSS JOIN (VALUES (1), (-1)) AS s(side)
               JOIN account a ON a.code = CASE WHEN s.side = 1 THEN p.debit ELSE p.credit END)
"""
_OWNER: LiteralString = """
           coalesce(CASE l.owner WHEN 'line' THEN e.line_id WHEN 'person' THEN e.person_id
                                 WHEN 'merchant' THEN e.merchant_id WHEN 'payment' THEN e.payment_id
                                 WHEN 'campaign' THEN subject END, 0) AS owner_id,
"""
_SUMS: LiteralString = f"""
    WITH {_LEGS}
    SELECT e.lane, {_OWNER} l.code, sum(l.factor * x.amount)::bigint AS amount_minor
      FROM event e CROSS JOIN LATERAL unnest(e.rules, e.amounts, e.subjects) AS x(rule, amount, subject)
           JOIN leg l ON l.rule = x.rule
"""
# A planner that knows nothing of the day's rows yet would try each entry against every rule: so entries come first.
_SUMS_FRESH: LiteralString = f"""
    WITH {_LEGS}, x AS MATERIALIZED (
        SELECT e.lane, e.line_id, e.person_id, e.merchant_id, e.payment_id, x.rule, x.amount, x.subject
          FROM event e CROSS JOIN LATERAL unnest(e.rules, e.amounts, e.subjects) AS x(rule, amount, subject)
         WHERE {FRESH})
    SELECT e.lane, {_OWNER} l.code, sum(l.factor * e.amount)::bigint AS amount_minor
      FROM x AS e JOIN leg l ON l.rule = e.rule
  GROUP BY e.lane, owner_id, l.code
    HAVING sum(l.factor * e.amount) <> 0
"""
_GROUPED: LiteralString = """
  GROUP BY e.lane, owner_id, l.code
    HAVING sum(l.factor * x.amount) <> 0
"""
# As the key, so that a page is found once, not for every row.
_IN_ORDER: LiteralString = " ORDER BY e.lane, owner_id, l.code"
_NAMED: LiteralString = """
    CREATE TEMP VIEW balance AS
        SELECT s.lane, s.owner_id, s.amount_minor, a.name, a.book, a.memo, a.side FROM {} s JOIN account a USING (code)
"""
_STORE: LiteralString = "INSERT INTO proven_balance (lane, owner_id, code, amount_minor)"

# Of every event, in a table that goes with the transaction.
SUM_ALL: tuple[LiteralString, ...] = (
    f"CREATE TEMP TABLE summed AS {_SUMS} {_GROUPED}",
    "ANALYZE summed",
    _NAMED.format("summed"),
)
# The first daily proof keeps all of it; the next ones add what has moved since.
SUM_FIRST: tuple[LiteralString, ...] = (
    "DELETE FROM proven_balance",
    f"{_STORE} {_SUMS} {_GROUPED} {_IN_ORDER}",
    "ANALYZE proven_balance",
    _NAMED.format("proven_balance"),
)
SUM_FRESH: tuple[LiteralString, ...] = (
    "SET LOCAL enable_nestloop = off",
    f"CREATE TEMP TABLE fresh_sum ON COMMIT DROP AS {_SUMS_FRESH}",
    "SET LOCAL enable_nestloop = on",
    "ANALYZE fresh_sum",
    """
    UPDATE proven_balance b SET amount_minor = b.amount_minor + f.amount_minor
      FROM fresh_sum f WHERE b.lane = f.lane AND b.owner_id = f.owner_id AND b.code = f.code
    """,
    f"""
    {_STORE} SELECT f.lane, f.owner_id, f.code, f.amount_minor FROM fresh_sum f
              WHERE NOT EXISTS (SELECT FROM proven_balance b
                                 WHERE b.lane = f.lane AND b.owner_id = f.owner_id AND b.code = f.code)
           ORDER BY f.lane, f.owner_id, f.code
    """,
    "DELETE FROM proven_balance WHERE amount_minor = 0",
    _NAMED.format("proven_balance"),
    f"""
    CREATE TEMP TABLE fresh_line ON COMMIT DROP AS
        SELECT e.lane, e.line_id, count(*) AS events, min(e.sequence) AS first, max(e.sequence) AS last
          FROM event e WHERE e.line_id IS NOT NULL AND {FRESH}
      GROUP BY e.lane, e.line_id
    """,
    f"""
    CREATE TEMP TABLE fresh_payment ON COMMIT DROP AS
        SELECT DISTINCT e.lane, e.payment_id FROM event e WHERE (e.kind BETWEEN 42 AND 47 OR e.kind = 164) AND {FRESH}
    """,
    "ANALYZE fresh_line",
    "ANALYZE fresh_payment",
)
# A daily proof that held is where the next goes on.
KEEP: tuple[LiteralString, ...] = (
    "DROP VIEW balance",
    """
    INSERT INTO proven_head (writer, seq, hash)
    SELECT w.writer, b.seq, b.hash
      FROM writer w CROSS JOIN LATERAL (SELECT seq, hash FROM batch WHERE writer = w.writer ORDER BY seq DESC LIMIT 1) b
        ON CONFLICT (writer) DO UPDATE SET seq = excluded.seq, hash = excluded.hash WHERE proven_head.seq < excluded.seq
    """,
    """
    INSERT INTO proven_through (proven_on, closed_through) SELECT business_on, closed_through FROM clock
        ON CONFLICT (only_row) DO UPDATE SET proven_on = excluded.proven_on, closed_through = excluded.closed_through
    """,
)

# ── of balances ───────────────────────────────────────────────────────────────────────────────────────────────────

_BALANCED: LiteralString = """
    SELECT book || CASE WHEN memo THEN ' memo' ELSE '' END AS what,
           coalesce(sum(amount_minor) FILTER (WHERE side = 1), 0)::bigint AS expected,
           coalesce(sum(amount_minor) FILTER (WHERE side = -1), 0)::bigint AS found
      FROM balance GROUP BY book, memo ORDER BY 1
"""
_PAIR: LiteralString = """
    SELECT 'lender owes institution' AS what,
           coalesce(sum(amount_minor) FILTER (WHERE name = 'LENDER_DUE_TO_PAYMENTS'), 0)::bigint AS expected,
           coalesce(sum(amount_minor) FILTER (WHERE name = 'PAYMENTS_DUE_FROM_LENDER'), 0)::bigint AS found
      FROM balance WHERE name IN ('LENDER_DUE_TO_PAYMENTS', 'PAYMENTS_DUE_FROM_LENDER')
     UNION ALL
    SELECT 'institution owes lender',
           coalesce(sum(amount_minor) FILTER (WHERE name = 'LENDER_DUE_FROM_PAYMENTS'), 0)::bigint,
           coalesce(sum(amount_minor) FILTER (WHERE name = 'PAYMENTS_DUE_TO_LENDER'), 0)::bigint
      FROM balance WHERE name IN ('LENDER_DUE_FROM_PAYMENTS', 'PAYMENTS_DUE_TO_LENDER')
     UNION ALL
    SELECT 'mall owes institution',
           coalesce(sum(amount_minor) FILTER (WHERE name = 'MALL_DUE_TO_PAYMENTS'), 0)::bigint,
           coalesce(sum(amount_minor) FILTER (WHERE name = 'PAYMENTS_DUE_FROM_MALL'), 0)::bigint
      FROM balance WHERE name IN ('MALL_DUE_TO_PAYMENTS', 'PAYMENTS_DUE_FROM_MALL')
     UNION ALL
    SELECT 'mall owes lender',
           coalesce(sum(amount_minor) FILTER (WHERE name = 'MALL_DUE_TO_LENDER'), 0)::bigint,
           coalesce(sum(amount_minor) FILTER (WHERE name = 'LENDER_DUE_FROM_MALL'), 0)::bigint
      FROM balance WHERE name IN ('MALL_DUE_TO_LENDER', 'LENDER_DUE_FROM_MALL')
     UNION ALL
    SELECT x.what,
           coalesce(sum(amount_minor) FILTER (WHERE name = x.one), 0)::bigint,
           coalesce(sum(amount_minor) FILTER (WHERE name = x.other), 0)::bigint
      FROM (VALUES ('lender owes partners', 'LENDER_DUE_TO_PARTNER', 'PARTNER_DUE_FROM_LENDER'),
                   ('partners owe lender', 'LENDER_DUE_FROM_PARTNER', 'PARTNER_DUE_TO_LENDER'),
                   ('income passed to partners', 'PARTNER_INCOME_SHARE', 'PARTNER_INCOME'),
                   ('institution owes mall', 'PAYMENTS_DUE_TO_MALL', 'MALL_DUE_FROM_PAYMENTS'),
                   ('interchange', 'INTERCHANGE_COST', 'INTERCHANGE_INCOME'),
                   ('servicing of partners'' loans', 'SERVICING_INCOME', 'PARTNER_SERVICING_COST')) AS x(what, one, other)
           JOIN balance ON name IN (x.one, x.other)
  GROUP BY x.what
"""
# What the mall bears of its own and of the state's campaigns is its cost; what merchants bear of theirs, and what is promised
# of fees, is counted beside it.
_CAMPAIGNS: LiteralString = """
    WITH book AS (
        SELECT owner_id AS id,
               coalesce(sum(amount_minor) FILTER (WHERE name <> 'MEMO_BUDGET'), 0)::bigint AS spent,
               coalesce(sum(amount_minor) FILTER (WHERE name = 'MEMO_BUDGET'), 0)::bigint AS allotted
          FROM balance WHERE name IN ('CAMPAIGN_COST', 'MEMO_DISCOUNT', 'MEMO_SUBSIDY', 'MEMO_BUDGET') GROUP BY owner_id),
    kept AS (SELECT id, sum(spent_minor)::bigint AS spent, sum(allotted_minor)::bigint AS allotted
               FROM campaign_budget GROUP BY id)
    SELECT 'campaign ' || coalesce(b.id, k.id) || ' ' || x.what AS what, x.expected, x.found
      FROM kept k FULL JOIN book b ON b.id = k.id
           CROSS JOIN LATERAL (VALUES ('spent', coalesce(b.spent, 0), coalesce(k.spent, 0)),
                                      ('allotted', coalesce(b.allotted, 0), coalesce(k.allotted, 0))
                              ) AS x(what, expected, found)
     WHERE x.expected <> x.found
"""
# The partner's part of each joint loan is its share, rounded down; each line's loans are what both books say; and what is
# owed to a partner under an agreement is what its cap counts. What is left of a line's debt is the lender's own.
_JOINT: LiteralString = """
    WITH book AS (
        SELECT owner_id AS id,
               coalesce(sum(amount_minor) FILTER (WHERE name = 'PARTNER_SHARE'), 0)::bigint AS share,
               coalesce(sum(amount_minor) FILTER (WHERE name = 'PARTNER_LOANS'), 0)::bigint AS loans,
               coalesce(sum(amount_minor) FILTER (WHERE name = 'MEMO_PARTNER_CLAIM'), 0)::bigint AS claim,
               coalesce(sum(amount_minor) FILTER (WHERE name = 'MEMO_PARTNER_LOANS'), 0)::bigint AS charged_off,
               coalesce(sum(amount_minor) FILTER (WHERE name NOT LIKE '%%PARTNER%%'), 0)::bigint AS principal
          FROM balance
         WHERE name IN ('PARTNER_SHARE', 'PARTNER_LOANS', 'MEMO_PARTNER_CLAIM', 'MEMO_PARTNER_LOANS')
            OR (name IN ('PRINCIPAL_UNBILLED', 'PRINCIPAL_BILLED', 'PRINCIPAL_PAST_DUE', 'LOANS_IN_ESCROW',
                         'MEMO_CLAIM_PRINCIPAL')
                AND (lane, owner_id) IN (SELECT lane, line_id FROM joint_loan))
      GROUP BY owner_id),
    joint AS (
        SELECT line_id AS id, sum(owed_minor)::bigint AS owed, sum(partner_minor - charged_off_minor)::bigint AS partner,
               sum(charged_off_minor)::bigint AS charged_off
          FROM joint_loan GROUP BY line_id),
    funded AS (
        SELECT agreement_id AS id, sum(partner_minor)::bigint AS partner FROM joint_loan GROUP BY agreement_id)
    SELECT 'partner''s part of loan ' || id AS what, floor(owed_minor::numeric * share_ppm / 1000000)::bigint AS expected,
           partner_minor AS found
      FROM joint_loan WHERE floor(owed_minor::numeric * share_ppm / 1000000)::bigint <> partner_minor
     UNION ALL
    SELECT 'line ' || coalesce(b.id, j.id) || ' ' || x.what, x.expected, x.found
      FROM book b FULL JOIN joint j USING (id)
           CROSS JOIN LATERAL (VALUES
               ('partners'' share in the lender''s book', coalesce(j.partner, 0), coalesce(b.share, 0)),
               ('partners'' share in the partners'' book', coalesce(j.partner, 0), coalesce(b.loans, 0)),
               ('partners'' claims in the lender''s book', coalesce(j.charged_off, 0), coalesce(b.claim, 0)),
               ('partners'' claims in the partners'' book', coalesce(j.charged_off, 0), coalesce(b.charged_off, 0)),
               ('joint principal above all that is owed', 0, greatest(0, coalesce(j.owed, 0) - coalesce(b.principal, 0)))
           ) AS x(what, expected, found)
     WHERE x.expected <> x.found
     UNION ALL
    SELECT 'owed to the partner of agreement ' || c.id, coalesce(f.partner, 0), c.outstanding_minor
      FROM funding_cap c LEFT JOIN funded f ON f.id = c.id WHERE coalesce(f.partner, 0) <> c.outstanding_minor
"""
_LINES: LiteralString = """
    WITH book AS (
        SELECT owner_id AS id,
               coalesce(sum(amount_minor) FILTER (WHERE name LIKE '%%PRINCIPAL%%'), 0)::bigint AS principal,
               coalesce(sum(amount_minor) FILTER (WHERE name LIKE '%%FEE%%'), 0)::bigint AS fee,
               coalesce(sum(amount_minor) FILTER (WHERE name LIKE '%%INTEREST%%'), 0)::bigint AS interest,
               coalesce(sum(amount_minor) FILTER (WHERE name LIKE '%%PENALTY%%'), 0)::bigint AS penalty,
               coalesce(sum(amount_minor) FILTER (WHERE name LIKE '%%COST%%'), 0)::bigint AS cost,
               coalesce(sum(amount_minor) FILTER (WHERE name = 'CREDIT_BALANCE'), 0)::bigint AS credit_balance,
               coalesce(sum(amount_minor) FILTER (WHERE name = 'MEMO_HELD'), 0)::bigint AS held,
               coalesce(sum(amount_minor) FILTER (WHERE name IN ('MEMO_COMMITTED', 'LOANS_IN_ESCROW')), 0)::bigint AS committed
          FROM balance
         WHERE name IN ('PRINCIPAL_UNBILLED', 'PRINCIPAL_BILLED', 'PRINCIPAL_PAST_DUE', 'FEE_UNBILLED', 'FEE_BILLED',
                        'INTEREST_ACCRUED', 'INTEREST_BILLED', 'CREDIT_BALANCE', 'MEMO_HELD', 'MEMO_COMMITTED',
                        'LOANS_IN_ESCROW',
                        'PENALTY_BILLED', 'COST_BILLED', 'MEMO_INTEREST', 'MEMO_PENALTY', 'MEMO_CLAIM_PRINCIPAL',
                        'MEMO_CLAIM_FEE', 'MEMO_CLAIM_INTEREST', 'MEMO_CLAIM_PENALTY', 'MEMO_CLAIM_COST')
      GROUP BY owner_id)
    SELECT 'line ' || l.id || ' ' || x.what AS what, x.expected, x.found
      FROM line l LEFT JOIN book b ON b.id = l.id
           CROSS JOIN LATERAL (VALUES ('principal', coalesce(b.principal, 0), l.principal_minor),
                                      ('fee', coalesce(b.fee, 0), l.fee_minor),
                                      ('interest', coalesce(b.interest, 0), l.interest_minor),
                                      ('penalty', coalesce(b.penalty, 0), l.penalty_minor),
                                      ('cost', coalesce(b.cost, 0), l.cost_minor),
                                      ('credit balance', coalesce(b.credit_balance, 0), l.credit_balance_minor),
                                      ('held', coalesce(b.held, 0), l.held_minor),
                                      ('committed', coalesce(b.committed, 0), l.committed_minor)) AS x(what, expected, found)
     WHERE x.expected <> x.found
"""
_STATEMENTS: LiteralString = """
    WITH book AS (
        SELECT owner_id AS id, sum(amount_minor)::bigint AS billed FROM balance
         WHERE name IN ('PRINCIPAL_BILLED', 'PRINCIPAL_PAST_DUE', 'FEE_BILLED', 'INTEREST_BILLED', 'PENALTY_BILLED',
                        'COST_BILLED', 'MEMO_INTEREST', 'MEMO_PENALTY') GROUP BY owner_id),
    shown AS (SELECT line_id AS id, sum(remaining_minor)::bigint AS remaining FROM statement GROUP BY line_id)
    SELECT 'statements of line ' || coalesce(b.id, s.id) AS what, coalesce(b.billed, 0) AS expected,
           coalesce(s.remaining, 0) AS found
      FROM book b FULL JOIN shown s ON s.id = b.id WHERE coalesce(b.billed, 0) <> coalesce(s.remaining, 0)
"""
_WALLETS: LiteralString = """
    WITH book AS (SELECT owner_id AS id, sum(amount_minor)::bigint AS balance FROM balance WHERE name = 'WALLET'
                GROUP BY owner_id)
    SELECT 'wallet ' || w.id AS what, coalesce(b.balance, 0) AS expected, w.balance_minor AS found
      FROM wallet w LEFT JOIN book b ON b.id = w.id WHERE coalesce(b.balance, 0) <> w.balance_minor
"""
_BALANCES: LiteralString = """
    WITH book AS (SELECT owner_id AS id,
                         coalesce(sum(amount_minor) FILTER (WHERE name = 'MERCHANT_AVAILABLE'), 0)::bigint AS available,
                         coalesce(sum(amount_minor) FILTER (WHERE name = 'MERCHANT_RESERVE'), 0)::bigint AS reserve
                    FROM balance WHERE name IN ('MERCHANT_AVAILABLE', 'MERCHANT_RESERVE') GROUP BY owner_id),
    kept AS (SELECT merchant_id AS id, sum(amount_minor)::bigint AS reserve FROM reserve_hold WHERE released_on IS NULL
           GROUP BY merchant_id)
    SELECT x.what || ' of merchant ' || m.id AS what, x.expected, x.found
      FROM merchant_balance m LEFT JOIN book b ON b.id = m.id LEFT JOIN kept k ON k.id = m.id
           CROSS JOIN LATERAL (VALUES ('available', coalesce(b.available, 0), m.available_minor),
                                      ('reserve', coalesce(b.reserve, 0), m.reserve_minor),
                                      ('reserve, day by day,', coalesce(k.reserve, 0), m.reserve_minor)
                              ) AS x(what, expected, found)
     WHERE x.expected <> x.found
"""
_ESCROW: LiteralString = """
    WITH book AS (
        SELECT owner_id AS id,
               coalesce(sum(amount_minor) FILTER (WHERE name = 'FUNDED_ESCROW'), 0)::bigint AS funded,
               coalesce(sum(amount_minor) FILTER (WHERE name = 'MEMO_GUARANTEED_ESCROW'), 0)::bigint AS guaranteed
          FROM balance WHERE name IN ('FUNDED_ESCROW', 'MEMO_GUARANTEED_ESCROW') GROUP BY owner_id)
    SELECT 'payment ' || coalesce(p.id, b.id) || ' ' || x.what AS what, x.expected, x.found
      FROM (SELECT *, CASE WHEN coupon IS NULL OR coupon->>'sponsor' = 'merchant' THEN 0
                           ELSE (coupon->>'amount_minor')::bigint - coalesce(coupon_paid_minor, 0)
                                - coalesce(coupon_released_minor, 0) END AS coupon_open,
                      CASE WHEN coupon->>'sponsor' = 'merchant' THEN 0
                           ELSE coalesce(coupon_paid_minor, 0) - coalesce(coupon_refunded_minor, 0) END AS coupon_left
              FROM payment WHERE state IN (1, 2)) p FULL JOIN book b ON b.id = p.id
           CROSS JOIN LATERAL (VALUES
               ('funded escrow', coalesce(b.funded, 0),
                CASE WHEN p.state = 1 THEN p.wallet_authorized_minor - p.wallet_paid_minor - p.wallet_released_minor
                                           + p.coupon_open
                     WHEN p.state = 2 THEN p.wallet_paid_minor - p.wallet_refunded_minor + p.coupon_left
                                           + p.drawn * (p.credit_paid_minor - p.credit_refunded_minor) ELSE 0 END),
               ('guaranteed escrow', coalesce(b.guaranteed, 0),
                CASE WHEN p.state = 2 THEN (1 - p.drawn) * (p.credit_paid_minor - p.credit_refunded_minor) ELSE 0 END)
           ) AS x(what, expected, found)
     WHERE x.expected <> x.found
"""
_DISPUTED: LiteralString = """
    WITH book AS (SELECT owner_id AS id, sum(amount_minor)::bigint AS held
                    FROM balance WHERE name = 'DISPUTE_HELD' GROUP BY owner_id)
    SELECT 'held for a dispute of payment ' || coalesce(p.id, b.id) AS what, coalesce(b.held, 0) AS expected,
           coalesce(p.dispute_held_minor, 0) AS found
      FROM (SELECT id, dispute_held_minor FROM payment WHERE particulars IS NOT NULL) p FULL JOIN book b ON b.id = p.id
     WHERE coalesce(b.held, 0) <> coalesce(p.dispute_held_minor, 0)
     UNION ALL
    SELECT 'payment ' || p.id || ' names its open refund request', coalesce(r.id, 0),
           coalesce((p.particulars->>'request_id')::bigint, 0)
      FROM (SELECT * FROM payment WHERE particulars IS NOT NULL) p
           FULL JOIN (SELECT * FROM refund_request WHERE state <= 5) r ON r.lane = p.lane AND r.payment_id = p.id
     WHERE coalesce(r.id, 0) <> coalesce((p.particulars->>'request_id')::bigint, 0)
"""
_SHARED: LiteralString = """
    WITH book AS (SELECT owner_id AS id, sum(amount_minor)::bigint AS frozen
                    FROM balance WHERE name = 'SHARES_FROZEN' GROUP BY owner_id)
    SELECT 'frozen to be shared of payment ' || coalesce(p.id, b.id) AS what, coalesce(b.frozen, 0) AS expected,
           coalesce((p.particulars->'sharing'->>'frozen_minor')::bigint, 0) AS found
      FROM (SELECT id, particulars FROM payment WHERE particulars IS NOT NULL) p FULL JOIN book b ON b.id = p.id
     WHERE coalesce(b.frozen, 0) <> coalesce((p.particulars->'sharing'->>'frozen_minor')::bigint, 0)
"""
_CLEARING: LiteralString = """
    SELECT 'clearing over all lanes' AS what, 0::bigint AS expected, coalesce(sum(amount_minor), 0)::bigint AS found
      FROM balance WHERE name = 'LANE_CLEARING'
     UNION ALL
    SELECT 'clearing of shares over all lanes', 0::bigint, coalesce(sum(amount_minor), 0)::bigint
      FROM balance WHERE name = 'SHARE_CLEARING'
"""
_TRANSIT: LiteralString = """
    SELECT 'payouts in transit' AS what,
           coalesce((SELECT sum(amount_minor) FROM balance WHERE name = 'PAYOUT_IN_TRANSIT'), 0)::bigint AS expected,
           coalesce((SELECT sum(amount_minor) FROM payout WHERE state = 'sent'), 0)::bigint AS found
"""
# What payments and withdrawals were charged, less what was given back; and what persons have taken out.
_FEES: LiteralString = """
    WITH charged AS (
        SELECT f->>'fee' AS fee,
               sum(coalesce((f->>'amount_minor')::bigint, 0) - coalesce((f->>'back_minor')::bigint, 0))::bigint AS minor
          FROM payment p CROSS JOIN LATERAL jsonb_array_elements(p.fees) AS f
         WHERE p.fees IS NOT NULL
      GROUP BY 1
         UNION ALL
        SELECT 'withdrawal', coalesce(sum(fee_minor), 0)::bigint FROM payout WHERE state <> 'returned')
    SELECT 'fees: ' || x.fee AS what,
           coalesce((SELECT sum(b.amount_minor) FROM balance b WHERE b.name = x.account), 0)::bigint AS expected,
           coalesce((SELECT sum(c.minor) FROM charged c WHERE c.fee = x.fee), 0)::bigint AS found
      FROM (VALUES ('credit_fee', 'CREDIT_FEE_INCOME'), ('commission', 'COMMISSION_INCOME'),
                   ('software_fee', 'SOFTWARE_FEE_INCOME'), ('interchange', 'INTERCHANGE_COST'),
                   ('network_acquirer', 'PAYMENTS_NETWORK_COST'), ('network_issuer', 'LENDER_NETWORK_COST'),
                   ('withdrawal', 'WITHDRAWAL_INCOME')) AS x(fee, account)
     UNION ALL
    SELECT 'taken out by ' || w.id, w.withdrawn_minor, coalesce(p.minor, 0)
      FROM wallet w
           LEFT JOIN (SELECT person_id, sum(amount_minor)::bigint AS minor FROM payout
                       WHERE person_id <> 0 AND state <> 'returned' GROUP BY 1) p ON p.person_id = w.id
     WHERE w.withdrawn_minor <> coalesce(p.minor, 0)
"""
# Prices, and what was taken back of what they had been passed, less what they have paid.
_BUYERS: LiteralString = """
    SELECT 'buyers of claims owe' AS what,
           coalesce((SELECT sum(CASE e.kind WHEN 163 THEN (e.body->>'price_minor')::bigint
                                            WHEN 190 THEN -(e.body->>'amount_minor')::bigint
                                            ELSE (e.body->>'taken_back_minor')::bigint END)
                       FROM event e WHERE e.kind IN (163, 190, 191)), 0)::bigint AS expected,
           coalesce((SELECT sum(amount_minor) FROM balance WHERE name = 'DUE_FROM_CLAIM_BUYERS'), 0)::bigint AS found
"""
OF_BALANCES = (
    Question("books balance", "in each book debits equal credits", _BALANCED),
    Question("books agree", "lender, payment institution and mall say the same of each other", _PAIR),
    Question("joint loans", "own share and partners' shares are what customers owe", _JOINT),
    Question("lines", "each line's row equals its accounts", _LINES),
    Question("statements", "what remains on statements equals what is billed", _STATEMENTS),
    Question("campaigns", "each campaign's budget equals what it was allotted and what it has borne", _CAMPAIGNS),
    Question("wallets", "each wallet's row equals its account", _WALLETS),
    Question("merchants", "each merchant's available balance and reserve equal their accounts", _BALANCES),
    Question("escrow", "funded and guaranteed escrow equal what is not received yet", _ESCROW),
    Question("disputes", "what is held for disputes, and open refund requests, are those of the payments", _DISPUTED),
    Question("shares", "what is frozen to be shared is that of the payments", _SHARED),
    Question("lanes clear", "clearing sums to zero over all lanes", _CLEARING),
    Question("claim buyers", "what buyers of claims owe equals prices less what they have paid", _BUYERS),
    Question("payouts", "money in transit equals payouts that the bank has not answered", _TRANSIT),
)

# ── of events ─────────────────────────────────────────────────────────────────────────────────────────────────────

_COUNTERS: LiteralString = """
           coalesce(sum(amount) FILTER (WHERE kind IN (43, 44)), 0)::bigint AS paid,
           coalesce(sum(amount) FILTER (WHERE kind IN (44, 45)), 0)::bigint AS received,
           coalesce(sum(amount) FILTER (WHERE kind = 47), 0)::bigint
           - coalesce(sum(amount) FILTER (WHERE kind = 164), 0)::bigint AS refunded
"""
_COUNTED: LiteralString = """
           CROSS JOIN LATERAL (VALUES ('paid', coalesce(m.paid, 0), p.credit_paid_minor + p.wallet_paid_minor
                                                                    + coalesce(p.coupon_paid_minor, 0)),
                                      ('received', coalesce(m.received, 0), p.received_minor),
                                      ('refunded', coalesce(m.refunded, 0), p.credit_refunded_minor + p.wallet_refunded_minor
                                                                            + coalesce(p.coupon_refunded_minor, 0))
                              ) AS x(what, expected, found)
     WHERE x.expected <> x.found
"""
_AMOUNT: LiteralString = """
    (e.body->>'credit_minor')::bigint + (e.body->>'wallet_minor')::bigint
    + coalesce((e.body->'coupon'->>'amount_minor')::bigint, 0) AS amount
"""
_PAYMENTS: LiteralString = f"""
    WITH moved AS (
        SELECT payment_id, {_COUNTERS}
          FROM (SELECT e.payment_id, e.kind, {_AMOUNT} FROM event e WHERE e.kind IN (43, 44, 45, 47, 164)) e
      GROUP BY payment_id)
    SELECT 'payment ' || p.id || ' ' || x.what AS what, x.expected, x.found
      FROM payment p LEFT JOIN moved m ON m.payment_id = p.id
    {_COUNTED}
"""
# A direct capture has the payment's own id; the others are found by their payment.
_PAYMENTS_FRESH: LiteralString = f"""
    SELECT 'payment ' || p.id || ' ' || x.what AS what, x.expected, x.found
      FROM fresh_payment f JOIN payment p ON p.lane = f.lane AND p.id = f.payment_id
           CROSS JOIN LATERAL (
               SELECT {_COUNTERS}
                 FROM (SELECT e.kind, {_AMOUNT} FROM event e WHERE e.lane = f.lane AND e.id = f.payment_id AND e.kind = 44
                        UNION ALL
                       SELECT e.kind, {_AMOUNT} FROM event e WHERE e.lane = f.lane AND e.payment_id = f.payment_id
                          AND (e.kind IN (43, 45, 46, 47, 164) OR (e.kind = 44 AND e.id <> e.payment_id))) e) m
    {_COUNTED}
"""
_CLAIMS: LiteralString = """
    SELECT 'claim of kind ' || c.kind || ', ' || c.digest AS what, c.event_id AS expected, 0::bigint AS found
      FROM claim c LEFT JOIN event e ON e.id = c.event_id WHERE e.id IS NULL
"""
# A sweep or settlement of a day is posted on the next one: kinds 60, 66, 67, 134, 182, 191 and 220; the sweep of a window that
# a cut-off has ended is posted on its own day.
# A parked window is not swept yet, or later than on the next day: it is named with its reason, and is no difference.
# Summed by rule before the rules are told apart: the planner knows nothing of the day's rows yet.
_DAYS_AFTER: LiteralString = """
               CASE WHEN e.kind NOT IN (60, 66, 67, 134, 182, 191, 220) THEN 0
                    WHEN e.kind = 60 AND (e.body->>'window_on')::date = e.posted_on THEN 0 ELSE 1 END
"""
_SETTLED_OF: LiteralString = f"""
    WITH {_LEGS}, moved AS MATERIALIZED (
        SELECT e.lane, e.merchant_id, x.rule, sum(x.amount)::bigint AS amount_minor
          FROM clock c, event e CROSS JOIN LATERAL unnest(e.rules, e.amounts) AS x(rule, amount)
         WHERE e.posted_on <= c.closed_through + {_DAYS_AFTER}
"""
_SETTLED_SINCE: LiteralString = f"""
           AND e.posted_on > %(since_closed)s
           AND e.posted_on > %(since_closed)s + {_DAYS_AFTER}
"""
_SETTLED_SHOWN: LiteralString = """
      GROUP BY 1, 2, 3),
    settled AS (
        SELECT m.lane, CASE WHEN l.owner = 'merchant' THEN m.merchant_id END AS owner_id,
               CASE WHEN l.name IN ('OWN_CASH', 'BANK_CHARGES', 'INTERCHANGE_COST', 'PAYMENTS_NETWORK_COST',
                                    'WITHDRAWAL_INCOME')
                    THEN 'MDR_INCOME' ELSE l.name END AS name,
               sum(CASE WHEN l.name IN ('OWN_CASH', 'BANK_CHARGES', 'INTERCHANGE_COST', 'PAYMENTS_NETWORK_COST')
                        THEN -1 ELSE 1 END
                   * l.factor * m.amount_minor)::bigint AS remaining
          FROM moved m JOIN leg l ON l.rule = m.rule
         WHERE l.name IN ('MERCHANT_PAYABLE', 'LENDER_DUE_TO_PAYMENTS', 'LENDER_DUE_FROM_PAYMENTS', 'MDR_INCOME', 'OWN_CASH',
                          'BANK_CHARGES',
                          'PAYMENTS_DUE_FROM_MALL', 'LENDER_DUE_FROM_MALL', 'LENDER_DUE_TO_PARTNER', 'LENDER_DUE_FROM_PARTNER',
                          'DUE_TO_CLAIM_BUYERS', 'WITHDRAWAL_INCOME', 'INTERCHANGE_COST', 'PAYMENTS_NETWORK_COST',
                          'PAYMENTS_DUE_TO_MALL', 'PAYMENTS_DUE_TO_NETWORK', 'LENDER_DUE_TO_NETWORK')
      GROUP BY 1, 2, 3),
    unswept AS (
        SELECT w.lane, w.merchant_id, w.window_on, 'infinity'::date AS swept_on, w.amount_minor,
               'parked because: ' || w.reason AS because
          FROM parked_window w
         WHERE NOT EXISTS (SELECT FROM sweep s
                            WHERE s.lane = w.lane AND s.merchant_id = w.merchant_id AND s.window_on = w.window_on
                              AND s.window_from = w.window_from)
         UNION ALL
        SELECT s.lane, s.merchant_id, s.window_on, s.swept_on, s.amount_minor, 'swept on ' || s.swept_on
          FROM sweep s, clock c WHERE s.swept_on > coalesce(%(since_closed)s::date, c.closed_through) + 1),
    waiting AS (
        SELECT u.lane, u.merchant_id AS owner_id, 'MERCHANT_PAYABLE' AS name,
               coalesce(sum(u.amount_minor) FILTER (WHERE n.waits), 0)::bigint
               - coalesce(sum(u.amount_minor) FILTER (WHERE n.waited), 0)::bigint AS expected,
               string_agg(u.window_on || ' ' || u.because, '; ' ORDER BY u.window_on) FILTER (WHERE n.waits) AS because
          FROM unswept u, clock c
               CROSS JOIN LATERAL (
                   SELECT u.window_on <= c.closed_through AND u.swept_on > c.closed_through + 1,
                          u.window_on <= %(since_closed)s::date AND u.swept_on > %(since_closed)s::date + 1) AS n(waits, waited)
         WHERE n.waits OR n.waited
      GROUP BY 1, 2)
    SELECT name || ' of closed days in lane ' || lane || coalesce(', merchant ' || owner_id, '')
           || coalesce(': ' || w.because, '') AS what,
           coalesce(w.expected, 0) AS expected, coalesce(s.remaining, 0) AS found
      FROM settled s FULL JOIN waiting w USING (lane, owner_id, name)
     WHERE s.remaining <> 0 OR w.expected <> 0 OR w.because IS NOT NULL
"""
_SETTLED: LiteralString = f"{_SETTLED_OF} {_SETTLED_SHOWN}"
_SETTLED_FRESH: LiteralString = f"{_SETTLED_OF} {_SETTLED_SINCE} {_SETTLED_SHOWN}"
_TRADES_SHOWN: LiteralString = """
           CROSS JOIN LATERAL (VALUES
               ('named by it', p.id, coalesce(t.payment_id, 0)),
               ('amount', coalesce(t.amount_minor, 0), p.credit_authorized_minor + p.wallet_authorized_minor
                                                       + coalesce((p.coupon->>'amount_minor')::bigint, 0))
           ) AS x(what, expected, found)
     WHERE x.expected <> x.found
"""
_TRADES: LiteralString = f"""
    SELECT 'payment ' || p.id || ' of trade ' || p.trade_id || ' ' || x.what AS what, x.expected, x.found
      FROM payment p LEFT JOIN trade t ON t.id = p.trade_id
    {_TRADES_SHOWN}
"""
# The lane of an id is its place in the list of lanes.
_TRADES_FRESH: LiteralString = f"""
    SELECT 'payment ' || p.id || ' of trade ' || p.trade_id || ' ' || x.what AS what, x.expected, x.found
      FROM fresh_payment f JOIN payment p ON p.lane = f.lane AND p.id = f.payment_id
           JOIN unnest(%(lanes)s::smallint[]) WITH ORDINALITY AS w(lane, place) ON w.place = (p.trade_id >> 40) + 1
           LEFT JOIN trade t ON t.lane = w.lane AND t.id = p.trade_id
    {_TRADES_SHOWN}
"""
# Counted line by line in the index: so many groups at once are more than a hash table of a modest size takes.
_SEQUENCES: LiteralString = """
    SELECT 'events of line ' || l.id AS what, l.sequence::bigint AS expected, c.events AS found
      FROM line l
           CROSS JOIN LATERAL (
               SELECT count(*) AS events, coalesce(max(e.sequence), 0) AS last
                 FROM event e WHERE e.lane = l.lane AND e.line_id = l.id) c
     WHERE c.events <> l.sequence OR c.last <> l.sequence
"""
_SEQUENCES_FRESH: LiteralString = """
    SELECT 'events of line ' || l.id AS what, l.sequence::bigint AS expected, b.before + f.events AS found
      FROM fresh_line f JOIN line l ON l.lane = f.lane AND l.id = f.line_id
           CROSS JOIN LATERAL (
               SELECT CASE WHEN f.first = 1
                             OR EXISTS (SELECT FROM event e WHERE e.lane = f.lane AND e.line_id = f.line_id
                                                                  AND e.sequence = f.first - 1)
                           THEN f.first - 1 ELSE 0 END AS before) b
     WHERE b.before + f.events <> l.sequence OR f.last <> l.sequence
"""

_COUNTERS_SAY = "each payment's counters equal its events"
_SETTLED_SAYS = "what closed days owed merchants, lender, mall, buyers of claims and house is settled"
_TRADES_SAY = "each payment is the one that its trade names, of the same amount"
_SEQUENCES_SAY = "no event of a line is missing or doubled"
OF_EVENTS = (
    Question("payments", _COUNTERS_SAY, _PAYMENTS),
    Question("fees", "what payments and withdrawals were charged is the income and cost of fees", _FEES),
    Question("settled", _SETTLED_SAYS, _SETTLED),
    Question("trades", _TRADES_SAY, _TRADES),
    Question("claims", "every key has the event that answers it", _CLAIMS),
    Question("sequences", _SEQUENCES_SAY, _SEQUENCES),
)
OF_FRESH_EVENTS = (
    Question("payments", f"{_COUNTERS_SAY}: those that moved", _PAYMENTS_FRESH),
    Question("settled", _SETTLED_SAYS, _SETTLED_FRESH),
    Question("trades", f"{_TRADES_SAY}: those that moved", _TRADES_FRESH),
    Question("sequences", f"{_SEQUENCES_SAY}: those that moved", _SEQUENCES_FRESH),
)

# ── safeguarding and the bank ─────────────────────────────────────────────────────────────────────────────────────

HOUSE: LiteralString = """
    SELECT name AS what, 0::bigint AS expected, coalesce(sum(amount_minor), 0)::bigint AS found FROM balance
     WHERE book = 'PI' AND NOT memo GROUP BY name ORDER BY name
"""
NEGATIVE: LiteralString = (
    "SELECT coalesce(-sum(available_minor), 0)::bigint FROM merchant_balance WHERE available_minor < 0"
)
# Receipts since the business day before that the bank's statement does not show yet. The day is told as a value: by a join
# with the clock no index would lead to its events.
IN_TRANSIT: LiteralString = """
    SELECT coalesce(e.body->>'bank_reference', e.body->>'reference') AS what, 0::bigint AS expected,
           (e.body->>'amount_minor')::bigint AS found
      FROM event e
     WHERE (e.kind IN (2, 250) OR (e.kind = 25 AND e.body->>'source' = 'bank')) AND e.posted_on >= %(received_since_on)s
       AND NOT EXISTS (SELECT FROM bank_line b WHERE b.account = 'safeguarded'
                          AND b.reference = coalesce(e.body->>'bank_reference', e.body->>'reference'))
       AND NOT EXISTS (SELECT FROM bank_line b WHERE b.account = 'safeguarded'
                          AND coalesce(nullif(b.entry_ref, ''), b.reference)
                              = coalesce(e.body->>'bank_reference', e.body->>'reference'))
  ORDER BY e.lane, e.id
"""
# The same of what buyers of claims have paid to the lender.
IN_TRANSIT_TO_LENDER: LiteralString = """
    SELECT e.body->>'bank_reference' AS what, 0::bigint AS expected, (e.body->>'amount_minor')::bigint AS found
      FROM event e
     WHERE e.kind = 190 AND e.posted_on >= %(received_since_on)s
       AND NOT EXISTS (SELECT FROM bank_line b WHERE b.account = 'lender' AND b.reference = e.body->>'bank_reference')
  ORDER BY e.lane, e.id
"""
# Moves between the house's accounts that were ordered by file and that its statement does not show yet, whenever that was; and
# money that came since the business day before and that nobody has explained yet.
IN_TRANSIT_BY_FILE: LiteralString = """
    SELECT leg.account || ': ' || o.reference AS what, 0::bigint AS expected, leg.amount_minor AS found
      FROM bank_order o
           CROSS JOIN LATERAL (VALUES (o.account, -o.amount_minor), (o.to_account, o.amount_minor))
                      AS leg(account, amount_minor)
     WHERE o.kind = 'move' AND o.state IN ('queued', 'sent', 'accepted')
       AND NOT EXISTS (SELECT FROM bank_line b WHERE b.account = leg.account AND b.reference = o.reference
                          AND b.fits = o.reference)
     UNION ALL
    SELECT account || ': not explained yet: ' || reference, 0, -amount_minor
      FROM bank_line
     WHERE fits = '' AND amount_minor > 0 AND booked_on >= %(received_since_on)s
  ORDER BY 1
     LIMIT 100000
"""
BANK: LiteralString = """
    SELECT x.account AS what, x.book AS expected, x.bank AS found
      FROM (VALUES
            ('safeguarded', (SELECT coalesce(sum(amount_minor), 0)::bigint FROM balance WHERE name = 'SAFEGUARDED_CASH'),
             (SELECT coalesce(sum(amount_minor), 0)::bigint FROM bank_line WHERE account = 'safeguarded')),
            ('own', (SELECT coalesce(sum(amount_minor), 0)::bigint FROM balance WHERE name = 'OWN_CASH'),
             (SELECT coalesce(sum(amount_minor), 0)::bigint FROM bank_line WHERE account = 'own')),
            ('lender', (SELECT coalesce(sum(amount_minor), 0)::bigint FROM balance WHERE name = 'LENDER_BANK'),
             (SELECT coalesce(sum(amount_minor), 0)::bigint FROM bank_line WHERE account = 'lender')),
            ('mall', (SELECT coalesce(sum(amount_minor), 0)::bigint FROM balance WHERE name = 'MALL_BANK'),
             (SELECT coalesce(sum(amount_minor), 0)::bigint FROM bank_line WHERE account = 'mall')),
            ('partner', (SELECT coalesce(sum(amount_minor), 0)::bigint FROM balance WHERE name = 'PARTNER_BANK'),
             (SELECT coalesce(sum(amount_minor), 0)::bigint FROM bank_line WHERE account = 'partner'))
           ) AS x(account, book, bank)
     WHERE x.account <> 'partner' OR x.book <> 0 OR x.bank <> 0
  ORDER BY x.account
"""

# ── the chains ────────────────────────────────────────────────────────────────────────────────────────────────────

# A row as `row_text` gives it to the hash, joined by the server: what is not there is None, as Python writes it.
ROW_TEXT: LiteralString = """
           concat_ws('|', e.lane, e.kind, e.id, coalesce(e.trade_id::text, 'None'),
                     coalesce(e.payment_id::text, 'None'), coalesce(e.line_id::text, 'None'),
                     coalesce(e.person_id::text, 'None'), coalesce(e.merchant_id::text, 'None'),
                     coalesce(e.sequence::text, 'None'), to_char(e.value_on, 'YYYY-MM-DD'),
                     to_char(e.posted_on, 'YYYY-MM-DD'), e.cut, coalesce(e.rules::text, 'None'),
                     coalesce(e.amounts::text, 'None'), coalesce(e.subjects::text, 'None'),
                     coalesce(e.body::text, 'None'))
"""
_BATCH_TEXTS: LiteralString = f"""
    SELECT e.writer, e.batch, count(*), min(e.recorded_at), max(e.recorded_at), string_agg({ROW_TEXT}, E'\\n' ORDER BY e.id)
      FROM event e
"""
_BY_BATCH: LiteralString = " GROUP BY e.writer, e.batch ORDER BY e.writer, e.batch"
BATCH_TEXTS: LiteralString = _BATCH_TEXTS + _BY_BATCH
BATCH_TEXTS_FRESH: LiteralString = _BATCH_TEXTS + " WHERE " + FRESH + _BY_BATCH
BATCHES: LiteralString = "SELECT writer, seq, previous, hash, events, committed_at FROM batch ORDER BY writer, seq"
BATCHES_FRESH: LiteralString = """
    SELECT b.writer, b.seq, b.previous, b.hash, b.events, b.committed_at
      FROM batch b LEFT JOIN proven_head h ON h.writer = b.writer WHERE b.seq > coalesce(h.seq, 0) ORDER BY b.writer, b.seq
"""
# A link that a proof has seen, and that is not there any more as it was.
HEADS_CHANGED: LiteralString = """
    SELECT h.writer, h.seq FROM proven_head h LEFT JOIN batch b ON b.writer = h.writer AND b.seq = h.seq
     WHERE b.hash IS DISTINCT FROM h.hash ORDER BY h.writer LIMIT 100
"""
