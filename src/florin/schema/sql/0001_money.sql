-- ── lanes, clock, writers ──────────────────────────────────────────────────────────────────────────────────────────

-- One row a lane: the anchor of bulk inserts on Citus, and the source of id blocks.
CREATE TABLE lane (
    lane        smallint PRIMARY KEY,
    next_number bigint   NOT NULL DEFAULT 1
) WITH (fillfactor = 50);

-- The platform's time: business_on dates postings, offset_s is how far business time is from wall time; both only grow. cut: the
-- day's last cut-off, in minutes after midnight, 0 before the first; swept_cut: through which its windows were swept.
-- reference_version rises with every change of merchants, apps or programs; each batch reads it first.
CREATE TABLE clock (
    only_row          boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    business_on       date    NOT NULL,
    offset_s          bigint  NOT NULL DEFAULT 0,
    closed_through    date    NOT NULL,
    reference_version bigint  NOT NULL DEFAULT 1,
    cut               smallint NOT NULL DEFAULT 0 CHECK (cut BETWEEN 0 AND 1439),
    swept_cut         smallint NOT NULL DEFAULT 0 CHECK (swept_cut BETWEEN 0 AND cut)
) WITH (fillfactor = 50);

-- A committing connection takes a writer number and chains the hashes of its own batches.
CREATE TABLE writer (
    writer     integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started_at timestamptz NOT NULL DEFAULT now(),
    process    text NOT NULL
);

CREATE TABLE batch (
    writer       integer     NOT NULL REFERENCES writer,
    seq          bigint      NOT NULL,
    previous     bytea       NOT NULL,
    hash         bytea       NOT NULL,
    events       integer     NOT NULL,
    committed_at timestamptz NOT NULL,
    PRIMARY KEY (writer, seq)
);

-- ── reference: small, cached by every process, reloaded when reference_version moves ───────────────────────────────

CREATE TABLE merchant (
    id                   bigint PRIMARY KEY,
    lane                 smallint NOT NULL,
    name                 text     NOT NULL,
    name_zh              text     NOT NULL DEFAULT '',
    market               text     NOT NULL DEFAULT '' COLLATE "C",
    category             text     NOT NULL DEFAULT 'general' COLLATE "C",
    state                text     NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'frozen', 'closed')),
    mdr_ppm              integer  NOT NULL CHECK (mdr_ppm BETWEEN 0 AND 1000000),
    mdr_refunded         boolean  NOT NULL DEFAULT false,
    negative_limit_minor bigint   NOT NULL DEFAULT 0 CHECK (negative_limit_minor >= 0),
    payout_account       text     NOT NULL DEFAULT '',
    opens_campaigns      boolean  NOT NULL DEFAULT false,
    refund_order         text     NOT NULL DEFAULT 'credit_first'
        CONSTRAINT merchant_refund_order_is_known CHECK (refund_order IN ('credit_first', 'proportional', 'coupon_last'))
);

CREATE TABLE app (
    id                  bigint PRIMARY KEY,
    merchant_id         bigint NOT NULL REFERENCES merchant,
    name                text   NOT NULL,
    wire                text   NOT NULL CHECK (wire IN ('alipay', 'rest', 'wechatpay')),
    market              text   NOT NULL CHECK (market IN ('direct', 'escrow')),
    state               text   NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
    public_keys         text[] NOT NULL DEFAULT '{}',
    notify_url          text   NOT NULL DEFAULT '',
    webhook_secret      bytea,
    aes_key             bytea CONSTRAINT app_aes_key_has_a_length_of_aes CHECK (octet_length(aes_key) IN (16, 24, 32)),
    -- The app of a service provider that may call for this one.
    provider_id         bigint REFERENCES app,
    -- It knows our keys by ids of their own, not by certificates.
    public_key_mode     boolean NOT NULL DEFAULT false,
    allow_loopback      boolean NOT NULL DEFAULT false,
    mall                boolean NOT NULL DEFAULT false
);

-- A merchant's shops with a door, and the tills in them. code: the merchant's own number, as wires carry it. A till's printed
-- code sells in the name of its app.
CREATE TABLE store (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    merchant_id bigint NOT NULL REFERENCES merchant,
    code        text   NOT NULL COLLATE "C",
    name        text   NOT NULL,
    name_zh     text   NOT NULL DEFAULT '',
    address     text   NOT NULL DEFAULT '',
    state       text   NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
    CONSTRAINT store_code_is_the_merchants_own UNIQUE (merchant_id, code)
);

CREATE TABLE terminal (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store_id bigint NOT NULL REFERENCES store,
    app_id   bigint NOT NULL REFERENCES app,
    code     text   NOT NULL COLLATE "C",
    state    text   NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
    CONSTRAINT terminal_code_is_the_stores_own UNIQUE (store_id, code)
);

-- Where the owner's own systems are told what happens to lines: one address, or none.
CREATE TABLE owner_endpoint (
    only_row       boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    url            text    NOT NULL,
    secret         bytea   NOT NULL,
    allow_loopback boolean NOT NULL DEFAULT false
);

-- Credit programs of the house's own, as their files; the presets come with the software.
CREATE TABLE program (
    name     text        PRIMARY KEY COLLATE "C",
    source   text        NOT NULL,
    added_on date        NOT NULL
);

-- The house's own terms of escrow: a file's text by the day from which its first version holds. Never edited.
CREATE TABLE escrow_version (
    from_on  date PRIMARY KEY,
    source   text NOT NULL,
    added_on date NOT NULL
);

-- Where programs are accepted, as the owner stated it: a row for each version of an ecosystem, never edited. revision counts them for
-- the whole house: of two that were decided at once one is refused by it. head: titles, programs and markets; NULL: as before.
CREATE TABLE acceptance_version (
    revision  integer CONSTRAINT acceptance_changes_one_after_the_other PRIMARY KEY,
    number    integer NOT NULL,
    from_on   date    NOT NULL,
    ecosystem text    NOT NULL COLLATE "C",
    head      jsonb,
    version   jsonb   NOT NULL,
    UNIQUE (ecosystem, number)
);

-- Who is held out of credit to measure it, drawn by a hash with a salt that stands here alone. One that was ended early has a row
-- beside it.
CREATE TABLE experiment (
    number        integer CONSTRAINT experiments_start_one_after_the_other PRIMARY KEY,
    share_ppm     integer NOT NULL CHECK (share_ppm BETWEEN 1 AND 999999),
    limit_cut_ppm integer NOT NULL CHECK (limit_cut_ppm BETWEEN 1 AND 1000000),
    opens_on      date    NOT NULL,
    closes_on     date    NOT NULL CHECK (closes_on > opens_on),
    name          text    NOT NULL UNIQUE COLLATE "C",
    unit          text    NOT NULL CHECK (unit IN ('person', 'merchant')),
    programs      jsonb   NOT NULL,
    salt          text    NOT NULL
);
CREATE TABLE experiment_end (
    name     text PRIMARY KEY COLLATE "C" REFERENCES experiment (name),
    ended_on date NOT NULL
);

-- Fee plans of the house's own, as their files; and who is on which plan from which day: a merchant, or 0, the house, for what
-- its shoppers pay.
CREATE TABLE fee_plan (
    name     text NOT NULL PRIMARY KEY COLLATE "C",
    source   text NOT NULL,
    added_on date NOT NULL
);

CREATE TABLE fee_assignment (
    merchant_id bigint NOT NULL,
    from_on     date   NOT NULL,
    plan        text   NOT NULL COLLATE "C",
    PRIMARY KEY (merchant_id, from_on)
);

-- API keys are stored hashed; the first letters help people tell them apart.
CREATE TABLE api_key (
    hash       bytea PRIMARY KEY,
    prefix     text  NOT NULL,
    scope      text  NOT NULL CHECK (scope IN ('merchant', 'owner')),
    app_id     bigint REFERENCES app,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);

-- Platform keys that sign answers and notifies: encrypted at rest; two may be live while one is rotated out.
CREATE TABLE platform_key (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    wire        text  NOT NULL,
    app_id      bigint REFERENCES app,
    sealed      bytea NOT NULL,
    public_key  text  NOT NULL,
    state       text  NOT NULL CHECK (state IN ('active', 'retiring', 'retired')),
    created_at  timestamptz NOT NULL DEFAULT now()
);

-- ── people ────────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE person (
    lane  smallint NOT NULL,
    id    bigint   NOT NULL,
    name  text     NOT NULL,
    logon text     NOT NULL COLLATE "C",
    PRIMARY KEY (lane, id)
);
CREATE INDEX person_by_logon ON person (logon);

CREATE TABLE wallet (
    lane          smallint NOT NULL,
    id            bigint   NOT NULL,
    balance_minor bigint   NOT NULL DEFAULT 0,
    withdrawn_minor bigint NOT NULL DEFAULT 0,   -- in the person's life, for the allowance without a fee
    CONSTRAINT wallet_is_never_overdrawn CHECK (balance_minor >= 0),
    CONSTRAINT wallet_is_withdrawn_before_it_comes_back CHECK (withdrawn_minor >= 0),
    PRIMARY KEY (lane, id)
) WITH (fillfactor = 70);

-- A standing agreement: this app may charge this person's line or wallet without asking again.
CREATE TABLE agreement (
    lane      smallint NOT NULL,
    id        bigint   NOT NULL,
    app_id    bigint   NOT NULL,
    person_id bigint   NOT NULL,
    line_id   bigint   NOT NULL DEFAULT 0,
    state     text     NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'ended')),
    limit_minor bigint NOT NULL CHECK (limit_minor > 0),
    PRIMARY KEY (lane, id)
);

-- Short-lived codes that a shopper shows at a till; a claim makes each good for one order.
CREATE TABLE payment_code (
    code       text PRIMARY KEY COLLATE "C",
    person_id  bigint NOT NULL,
    line_id    bigint NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL
);

-- Sign-in for shops: codes and tokens by their SHA-256, since whoever holds one is believed. Wall time.
CREATE TABLE oauth_code (
    digest     bytea  PRIMARY KEY,
    app_id     bigint NOT NULL,
    person_id  bigint NOT NULL,
    scopes     text[] NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE TABLE oauth_token (
    access_digest  bytea  PRIMARY KEY,
    refresh_digest bytea  NOT NULL UNIQUE,
    app_id         bigint NOT NULL,
    person_id      bigint NOT NULL,
    scopes         text[] NOT NULL,
    access_until   timestamptz NOT NULL,
    refresh_until  timestamptz NOT NULL
);

-- ── the book ──────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE account (
    code  smallint PRIMARY KEY,
    name  text     NOT NULL,
    book  text     NOT NULL,
    owner text     NOT NULL,
    side  smallint NOT NULL CHECK (side IN (-1, 1)),
    memo  boolean  NOT NULL
);

CREATE TABLE posting (
    rule   smallint NOT NULL,
    leg    smallint NOT NULL,
    name   text     NOT NULL,
    debit  smallint NOT NULL REFERENCES account,
    credit smallint NOT NULL REFERENCES account,
    PRIMARY KEY (rule, leg)
);

-- What was agreed with the world, and what it moved. rules, amounts, subjects run in parallel: one entry each; a negative
-- rule is the rule the other way round. subjects is NULL when every entry is about the event's own payment. cut: as of the clock.
CREATE TABLE event (
    lane        smallint    NOT NULL,
    kind        smallint    NOT NULL,
    writer      integer     NOT NULL,
    id          bigint      NOT NULL,
    trade_id    bigint,
    payment_id  bigint,
    line_id     bigint,
    person_id   bigint,
    merchant_id bigint,
    batch       bigint      NOT NULL,
    recorded_at timestamptz NOT NULL,
    sequence    integer,
    value_on    date        NOT NULL,
    posted_on   date        NOT NULL,
    cut         smallint    NOT NULL DEFAULT 0,
    rules       smallint[],
    amounts     bigint[],
    subjects    bigint[],
    body        jsonb,
    CONSTRAINT event_amounts_are_positive CHECK (amounts IS NULL OR (0 < ALL (amounts)) IS TRUE),
    CONSTRAINT event_entries_are_whole CHECK (cardinality(rules) IS NOT DISTINCT FROM cardinality(amounts)
        AND (subjects IS NULL OR cardinality(subjects) = cardinality(rules))),
    PRIMARY KEY (lane, id)
);
-- Each event of a line has its own place: two that were decided on the same state cannot both be written.
CREATE UNIQUE INDEX event_line_sequence ON event (lane, line_id, sequence) WHERE line_id IS NOT NULL;
CREATE INDEX event_of_payment ON event (lane, payment_id) WHERE kind IN (43, 45, 46, 47);
CREATE INDEX event_of_claim_sale ON event (lane, id) WHERE kind IN (163, 190, 191);
-- What shops could not sell on credit: a sale pays nothing for it.
CREATE INDEX event_of_checkout ON event (merchant_id, posted_on) WHERE kind = 212 OR (kind = 90 AND merchant_id IS NOT NULL);
CREATE INDEX event_of_request ON event (lane, payment_id) WHERE kind BETWEEN 232 AND 244;
-- What moved a merchant's available balance, and what became of his payouts.
CREATE INDEX event_of_balance ON event (merchant_id, posted_on)
    WHERE kind IN (61, 62, 63, 64, 65, 238, 245, 246, 247, 248, 249, 250, 281);
CREATE INDEX event_by_day ON event USING brin (posted_on) WITH (pages_per_range = 32, autosummarize = on);

CREATE VIEW transfer AS
    SELECT e.lane, e.id AS event_id, e.kind, e.value_on, e.posted_on, e.cut, x.entry, p.leg, p.rule,
           a.book, a.memo,
           CASE WHEN x.rule > 0 THEN p.debit ELSE p.credit END AS debit,
           CASE WHEN x.rule > 0 THEN p.credit ELSE p.debit END AS credit,
           x.amount AS amount_minor,
           coalesce(x.subject, e.payment_id) AS subject_id,
           e.line_id, e.person_id, e.merchant_id, e.payment_id
      FROM event e
           CROSS JOIN LATERAL unnest(e.rules, e.amounts, e.subjects) WITH ORDINALITY AS x(rule, amount, subject, entry)
           JOIN posting p ON p.rule = abs(x.rule)
           JOIN account a ON a.code = p.debit;

-- One row for each side of each transfer: sum `signed_minor` to get a balance, on the account's own side.
CREATE VIEW posting_line AS
    SELECT t.lane, t.event_id, t.kind, t.value_on, t.posted_on, t.cut, t.rule, t.subject_id, a.book, a.memo, a.code, a.name,
           CASE WHEN a.owner = 'line' THEN t.line_id WHEN a.owner = 'person' THEN t.person_id
                WHEN a.owner = 'merchant' THEN t.merchant_id WHEN a.owner = 'payment' THEN t.payment_id
                WHEN a.owner = 'campaign' THEN t.subject_id END AS owner_id,
           CASE WHEN s.sign = a.side THEN t.amount_minor ELSE -t.amount_minor END AS signed_minor,
           CASE WHEN s.sign = 1 THEN t.amount_minor ELSE 0 END AS debit_minor,
           CASE WHEN s.sign = -1 THEN t.amount_minor ELSE 0 END AS credit_minor
      FROM transfer t
           CROSS JOIN (VALUES (1), (-1)) AS s(sign)
           JOIN account a ON a.code = CASE WHEN s.sign = 1 THEN t.debit ELSE t.credit END;

-- ── claims ────────────────────────────────────────────────────────────────────────────────────────────────────────

-- An idempotency key, claimed before anything is read. event_id is the event that answers it.
CREATE TABLE claim (
    lane        smallint NOT NULL,
    kind        smallint NOT NULL,
    scope       bigint   NOT NULL,
    event_id    bigint   NOT NULL,
    key         text     NOT NULL COLLATE "C",
    fingerprint bytea    NOT NULL,
    PRIMARY KEY (lane, scope, kind, key)
);

-- ── trades and payments ───────────────────────────────────────────────────────────────────────────────────────────

-- What a merchant asks to be paid. It lives in the lane of its order number; the payment lives in the payer's.
CREATE TABLE trade (
    lane         smallint    NOT NULL,
    flow         smallint    NOT NULL,
    state        smallint    NOT NULL,
    installments smallint    NOT NULL DEFAULT 0,
    id           bigint      NOT NULL,
    app_id       bigint      NOT NULL,
    merchant_id  bigint      NOT NULL,
    amount_minor bigint      NOT NULL,
    payment_id   bigint      NOT NULL DEFAULT 0,
    asked_at     timestamptz NOT NULL,
    expires_at   timestamptz,
    out_trade_no text        NOT NULL COLLATE "C",
    subject      text        NOT NULL,
    detail       jsonb,
    CONSTRAINT trade_asks_for_something CHECK (amount_minor > 0),
    CONSTRAINT trade_paid_names_its_payment CHECK ((state = 2) = (payment_id <> 0)),
    PRIMARY KEY (lane, id)
) WITH (fillfactor = 90);
CREATE INDEX trade_by_asked_at ON trade USING brin (asked_at) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX trade_to_expire ON trade (expires_at) WHERE state = 1 AND expires_at IS NOT NULL;

-- Orders of several sellers that are paid together or not at all: what holds them together until then. It never changes.
CREATE TABLE parent_order (
    lane         smallint    NOT NULL,
    id           bigint      NOT NULL,
    app_id       bigint      NOT NULL,
    amount_minor bigint      NOT NULL CONSTRAINT parent_asks_for_something CHECK (amount_minor > 0),
    asked_at     timestamptz NOT NULL,
    out_trade_no text        NOT NULL COLLATE "C",
    return_url   text        NOT NULL,
    trade_ids    jsonb       NOT NULL,
    PRIMARY KEY (lane, id)
);

-- Who paid, with what, and what became of it. Released: authorized and never taken. exposure_before, limit_effective and
-- tolerance are the evidence for "why was I refused", and the guard. NULL for most: coupon, the part that a campaign bears, and
-- its counters; subsidy_promised_minor, what a campaign has reserved of a plan's fee; place, where it was bought, if the terms
-- had sub-limits; group_*, the evidence of a limit that lines share;
-- dispute_held_minor, of what the merchant was paid, until a dispute is decided; particulars: a refund request, a clock put off,
-- items given back, what others have of it; fees, charged by a fee plan or for a card; share_until, when the clock releases what
-- is frozen for others.
CREATE TABLE payment (
    lane             smallint NOT NULL,
    state            smallint NOT NULL,
    flow             smallint NOT NULL,
    plan_count       smallint NOT NULL DEFAULT 0,
    plan_fee_payer   smallint NOT NULL DEFAULT 0,
    drawn            smallint NOT NULL DEFAULT 0,
    payable_cut      smallint NOT NULL DEFAULT 0,
    mdr_ppm          integer  NOT NULL,
    authorized_on    date     NOT NULL,
    payable_on       date,
    confirm_on       date,
    id               bigint   NOT NULL,
    trade_id         bigint   NOT NULL,
    app_id           bigint   NOT NULL,
    merchant_id      bigint   NOT NULL,
    person_id        bigint   NOT NULL,
    line_id          bigint   NOT NULL DEFAULT 0,
    credit_authorized_minor bigint NOT NULL,
    credit_paid_minor       bigint NOT NULL DEFAULT 0,
    credit_released_minor   bigint NOT NULL DEFAULT 0,
    credit_refunded_minor   bigint NOT NULL DEFAULT 0,
    wallet_authorized_minor bigint NOT NULL,
    wallet_paid_minor       bigint NOT NULL DEFAULT 0,
    wallet_released_minor   bigint NOT NULL DEFAULT 0,
    wallet_refunded_minor   bigint NOT NULL DEFAULT 0,
    received_minor                 bigint NOT NULL DEFAULT 0,
    refunded_before_receipt_minor  bigint NOT NULL DEFAULT 0,
    plan_fee_minor          bigint NOT NULL DEFAULT 0,
    merchant_fee_back_minor bigint NOT NULL DEFAULT 0,
    mdr_minor               bigint NOT NULL DEFAULT 0,
    mdr_back_minor          bigint NOT NULL DEFAULT 0,
    exposure_before_minor   bigint NOT NULL DEFAULT 0,
    limit_effective_minor   bigint NOT NULL DEFAULT 0,
    tolerance_minor         bigint NOT NULL DEFAULT 0,
    expires_at              timestamptz,
    coupon                  jsonb,
    coupon_paid_minor       bigint,
    coupon_released_minor   bigint,
    coupon_refunded_minor   bigint,
    place                   jsonb,
    group_exposure_before_minor bigint,
    group_limit_minor       bigint,
    subsidy_promised_minor  bigint,
    dispute_held_minor      bigint,
    particulars             jsonb,
    CONSTRAINT payment_holds_nothing_less_for_a_dispute CHECK (dispute_held_minor > 0),
    fees                    jsonb,
    share_until             date,
    CONSTRAINT payment_shares_at_most_what_is_frozen CHECK ((particulars->'sharing'->>'frozen_minor')::bigint >= 0),
    CONSTRAINT payment_within_the_limit CHECK (credit_authorized_minor = 0
        OR exposure_before_minor + credit_authorized_minor <= limit_effective_minor + tolerance_minor),
    CONSTRAINT payment_within_the_shared_limit CHECK (credit_authorized_minor = 0 OR group_limit_minor IS NULL
        OR group_exposure_before_minor + credit_authorized_minor <= group_limit_minor),
    CONSTRAINT payment_takes_at_most_what_was_authorized CHECK (
        credit_paid_minor + credit_released_minor <= credit_authorized_minor
        AND wallet_paid_minor + wallet_released_minor <= wallet_authorized_minor
        AND coalesce(coupon_paid_minor, 0) + coalesce(coupon_released_minor, 0)
            <= coalesce((coupon->>'amount_minor')::bigint, 0)),
    CONSTRAINT payment_refunds_at_most_what_was_paid CHECK (
        credit_refunded_minor <= credit_paid_minor AND wallet_refunded_minor <= wallet_paid_minor
        AND coalesce(coupon_refunded_minor, 0) <= coalesce(coupon_paid_minor, 0)),
    CONSTRAINT payment_receives_at_most_what_is_left CHECK (
        received_minor <= credit_paid_minor + wallet_paid_minor + coalesce(coupon_paid_minor, 0)
                          - refunded_before_receipt_minor),
    CONSTRAINT payment_amounts_are_not_negative CHECK (least(credit_authorized_minor, credit_paid_minor,
        credit_released_minor, credit_refunded_minor, wallet_authorized_minor, wallet_paid_minor, wallet_released_minor,
        wallet_refunded_minor, received_minor, refunded_before_receipt_minor, mdr_minor, mdr_back_minor) >= 0),
    CONSTRAINT payment_gives_back_at_most_its_fee CHECK (mdr_back_minor <= mdr_minor AND merchant_fee_back_minor <= plan_fee_minor),
    PRIMARY KEY (lane, id)
) WITH (fillfactor = 90);
CREATE INDEX payment_to_confirm ON payment (confirm_on) WHERE state = 2;
CREATE INDEX payment_with_particulars ON payment (lane, id) WHERE particulars IS NOT NULL;
CREATE INDEX payment_to_release ON payment (share_until) WHERE share_until IS NOT NULL;
CREATE INDEX payment_to_expire ON payment (expires_at) WHERE state = 1;

-- What a buyer asks back of a payment, in the payer's lane: a fold of its events. Of the open ones the day close takes those whose
-- day is over. detail: texts, items, tracking, evidence counted.
CREATE TABLE refund_request (
    lane         smallint NOT NULL,
    state        smallint NOT NULL CHECK (state BETWEEN 1 AND 9),
    due_on       date     NOT NULL,
    asked_on     date     NOT NULL,
    id           bigint   NOT NULL,
    payment_id   bigint   NOT NULL,
    merchant_id  bigint   NOT NULL,
    person_id    bigint   NOT NULL,
    amount_minor bigint   NOT NULL CONSTRAINT request_asks_for_something CHECK (amount_minor > 0),
    detail       jsonb    NOT NULL,
    PRIMARY KEY (lane, id)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX request_one_open_a_payment ON refund_request (lane, payment_id) WHERE state <= 5;
CREATE INDEX request_of_payment ON refund_request (lane, payment_id, id);
CREATE INDEX request_to_lapse ON refund_request (due_on) WHERE state <= 5;
CREATE INDEX request_of_merchant ON refund_request (merchant_id, asked_on);

-- ── campaigns ─────────────────────────────────────────────────────────────────────────────────────────────────────

-- Reference: its terms never change; every process reads it again when reference_version moves. low: 1 when its owner was told
-- that its budget has run low, until it is refilled.
CREATE TABLE campaign (
    lane    smallint NOT NULL,
    state   smallint NOT NULL CHECK (state IN (1, 2)),
    low     smallint NOT NULL DEFAULT 0 CHECK (low IN (0, 1)),
    id      bigint   NOT NULL,
    name    text     NOT NULL,
    name_zh text     NOT NULL,
    terms   jsonb    NOT NULL,
    PRIMARY KEY (lane, id)
);

-- A budget in slices, so that payments at once do not wait for one row. What comes back may go into another slice than it was
-- taken from, and be recalled there: both sums of one slice may be below zero, those of all of them never are.
CREATE TABLE campaign_budget (
    lane           smallint NOT NULL,
    slice          smallint NOT NULL,
    id             bigint   NOT NULL,
    allotted_minor bigint   NOT NULL,
    spent_minor    bigint   NOT NULL DEFAULT 0,
    CONSTRAINT campaign_spends_at_most_its_budget CHECK (spent_minor <= allotted_minor),
    PRIMARY KEY (lane, id, slice)
) WITH (fillfactor = 50);

-- What a person has had of a campaign: how often its coupon (year 0); what its subsidy has borne for her in a calendar year.
-- Changed under the lock of her wallet.
CREATE TABLE campaign_use (
    lane        smallint NOT NULL,
    year        smallint NOT NULL,
    used        integer  NOT NULL CONSTRAINT coupon_is_used_before_it_comes_back CHECK (used >= 0),
    person_id   bigint   NOT NULL,
    campaign_id bigint   NOT NULL,
    borne_minor bigint   NOT NULL CONSTRAINT subsidy_is_borne_before_it_comes_back CHECK (borne_minor >= 0),
    most_minor  bigint   NOT NULL,
    CONSTRAINT subsidy_bears_at_most_the_persons_cap CHECK (borne_minor <= most_minor),
    PRIMARY KEY (lane, person_id, campaign_id, year)
) WITH (fillfactor = 80);

-- ── credit ────────────────────────────────────────────────────────────────────────────────────────────────────────

-- A line's summary: enough for the till. There is no limit guard here: posted interest or a cut limit may lawfully exceed it.
-- particulars: what few lines have beside it (temporary uplifts, a shopper's own order of autopay), judged by the date at each use.
CREATE TABLE line (
    lane                 smallint NOT NULL,
    state                smallint NOT NULL,
    cycle_day            smallint NOT NULL DEFAULT 0,
    sequence             integer  NOT NULL,
    id                   bigint   NOT NULL,
    person_id            bigint   NOT NULL,
    limit_minor          bigint   NOT NULL CONSTRAINT line_limit_is_not_negative CHECK (limit_minor >= 0),
    held_minor           bigint   NOT NULL DEFAULT 0,
    committed_minor      bigint   NOT NULL DEFAULT 0,
    principal_minor      bigint   NOT NULL DEFAULT 0,
    fee_minor            bigint   NOT NULL DEFAULT 0,
    interest_minor       bigint   NOT NULL DEFAULT 0,
    penalty_minor        bigint   NOT NULL DEFAULT 0,
    cost_minor           bigint   NOT NULL DEFAULT 0,
    credit_balance_minor bigint   NOT NULL DEFAULT 0,
    uncleared_minor      bigint   NOT NULL DEFAULT 0,
    due_minor            bigint   NOT NULL DEFAULT 0,
    opened_on            date     NOT NULL,
    due_on               date,
    past_due_on          date,
    next_action_on       date     NOT NULL,
    program              text     NOT NULL COLLATE "C",
    particulars          jsonb,
    CONSTRAINT line_sums_are_not_negative CHECK (least(held_minor, committed_minor, principal_minor, fee_minor,
        interest_minor, penalty_minor, cost_minor, credit_balance_minor, uncleared_minor) >= 0),
    PRIMARY KEY (lane, id),
    CONSTRAINT line_one_a_person_and_program UNIQUE (lane, person_id, program)
) WITH (fillfactor = 60);
CREATE INDEX line_by_next_action ON line (next_action_on);

-- What a person's lines under programs of one group use together, beside their rows and held by whoever changes one of them.
-- limit_minor: her own; NULL: the terms'. No guard on it: posted corrections or a cut limit may lawfully exceed it.
CREATE TABLE shared_exposure (
    lane           smallint NOT NULL,
    person_id      bigint   NOT NULL,
    exposure_minor bigint   NOT NULL DEFAULT 0,
    limit_minor    bigint   CONSTRAINT shared_limit_is_not_negative CHECK (limit_minor >= 0),
    exposure_group text     NOT NULL COLLATE "C",
    PRIMARY KEY (lane, person_id, exposure_group)
) WITH (fillfactor = 70);

-- The line's items (purchases, plans, statements, interest segments) after its first `sequence` events: a cache of the fold.
CREATE TABLE line_account (
    lane       smallint NOT NULL,
    line_id    bigint   NOT NULL,
    sequence   integer  NOT NULL,
    account    jsonb    NOT NULL,
    PRIMARY KEY (lane, line_id)
) WITH (fillfactor = 60);

-- The image never changes; what remains does: below it by payments and refunds, above it by a late charge or a correction.
CREATE TABLE statement (
    lane               smallint NOT NULL,
    line_id            bigint   NOT NULL,
    event_id           bigint   NOT NULL,
    image_minor        bigint   NOT NULL,
    minimum_minor      bigint   NOT NULL,
    remaining_minor    bigint   NOT NULL,
    minimum_left_minor bigint   NOT NULL,
    opens_on           date     NOT NULL,
    closes_on          date     NOT NULL,
    due_on             date     NOT NULL,
    CONSTRAINT statement_remaining_is_not_negative CHECK (remaining_minor >= 0),
    PRIMARY KEY (lane, line_id, closes_on)
);
CREATE INDEX statement_by_due ON statement USING brin (due_on) WITH (pages_per_range = 32, autosummarize = on);

-- ── joint lending ─────────────────────────────────────────────────────────────────────────────────────────────────

-- A partner bank's promise to fund its share of new loans. Reference data of the house: a change raises reference_version.
CREATE TABLE funding_agreement (
    lane          smallint NOT NULL,
    id            bigint   NOT NULL,
    partner       text     NOT NULL COLLATE "C",
    programs      jsonb    NOT NULL,
    share_ppm     integer  NOT NULL CHECK (share_ppm BETWEEN 1 AND 999999),
    servicing_ppm integer  NOT NULL CHECK (servicing_ppm BETWEEN 0 AND 999999),
    cap_minor     bigint   NOT NULL CHECK (cap_minor > 0),
    from_on       date     NOT NULL,
    until_on      date,
    state         text     NOT NULL CHECK (state IN ('open', 'closed')),
    PRIMARY KEY (lane, id)
);
CREATE UNIQUE INDEX funding_one_open_a_partner ON funding_agreement (partner) WHERE state = 'open';

-- What is owed to a partner under an agreement, and its cap. lent: by the last batch that changed it. A returned repayment may
-- lawfully bring it above the cap; a batch that lends may not.
CREATE TABLE funding_cap (
    lane              smallint NOT NULL,
    id                bigint   NOT NULL,
    cap_minor         bigint   NOT NULL,
    outstanding_minor bigint   NOT NULL DEFAULT 0,
    lent_minor        bigint   NOT NULL DEFAULT 0,
    CONSTRAINT funding_lends_within_its_cap CHECK (lent_minor = 0 OR outstanding_minor <= cap_minor),
    CONSTRAINT funding_is_not_owed_less_than_nothing CHECK (outstanding_minor >= 0),
    PRIMARY KEY (lane, id)
) WITH (fillfactor = 50);

-- A loan that a partner shares, by its payment's id: its principal that is owed, the partner's part of it, and what of that
-- part is charged off. Loans of the house alone have no row.
CREATE TABLE joint_loan (
    lane              smallint NOT NULL,
    share_ppm         integer  NOT NULL,
    lent_on           date     NOT NULL,
    id                bigint   NOT NULL,
    line_id           bigint   NOT NULL,
    agreement_id      bigint   NOT NULL,
    lent_minor        bigint   NOT NULL,
    owed_minor        bigint   NOT NULL,
    partner_minor     bigint   NOT NULL,
    charged_off_minor bigint   NOT NULL,
    CONSTRAINT joint_loan_parts_are_within_the_whole CHECK (0 <= charged_off_minor AND charged_off_minor <= partner_minor
        AND partner_minor <= owed_minor),
    PRIMARY KEY (lane, id)
) WITH (fillfactor = 80);
CREATE INDEX joint_loan_of_line ON joint_loan (lane, line_id);

-- An account whose day close failed: the rest goes on, this one waits with its reason.
CREATE TABLE parked_line (
    lane      smallint    NOT NULL,
    line_id   bigint      NOT NULL,
    reason    text        NOT NULL,
    parked_at timestamptz NOT NULL,
    PRIMARY KEY (lane, line_id)
);

-- ── settlement ────────────────────────────────────────────────────────────────────────────────────────────────────

-- A merchant's window whose sweep was refused: other merchants are paid, this one waits with its reason for the next close.
CREATE TABLE parked_window (
    lane         smallint    NOT NULL,
    merchant_id  bigint      NOT NULL,
    window_on    date        NOT NULL,
    window_from  smallint    NOT NULL DEFAULT 0,
    window_until smallint    NOT NULL DEFAULT 1440,
    amount_minor bigint      NOT NULL,
    reason       text        NOT NULL,
    parked_at    timestamptz NOT NULL,
    PRIMARY KEY (lane, merchant_id, window_on, window_from)
);

-- receivers: with whom the merchant may share his sales.
CREATE TABLE merchant_balance (
    lane                 smallint NOT NULL,
    id                   bigint   NOT NULL,
    available_minor      bigint   NOT NULL DEFAULT 0,
    negative_limit_minor bigint   NOT NULL DEFAULT 0,
    reserve_minor        bigint   NOT NULL DEFAULT 0
        CONSTRAINT reserve_is_held_before_it_is_released CHECK (reserve_minor >= 0),
    round                integer  NOT NULL DEFAULT 0,
    held_because         text     NOT NULL DEFAULT '',
    receivers            jsonb    NOT NULL DEFAULT '[]',
    PRIMARY KEY (lane, id)
) WITH (fillfactor = 70);

-- Who applied to sell here, and what was found. body: florin.payments.onboarding's application. Of two with one registration
-- number only one may be approved.
CREATE TABLE merchant_application (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    merchant_id bigint NOT NULL UNIQUE REFERENCES merchant,
    state       text   NOT NULL DEFAULT 'draft'
        CONSTRAINT application_state_is_known CHECK (state IN ('draft', 'submitted', 'approved', 'refused', 'opened')),
    body        jsonb  NOT NULL,
    findings    jsonb  NOT NULL DEFAULT '[]'
);
CREATE UNIQUE INDEX application_approved_once ON merchant_application (upper(trim(body->>'registration_number')))
    WHERE state IN ('approved', 'opened');

CREATE TABLE onboarding_step (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    application_id bigint NOT NULL REFERENCES merchant_application,
    state          text   NOT NULL,
    decided_by     text   NOT NULL,
    reason         text   NOT NULL,
    decided_at     timestamptz NOT NULL
);
CREATE INDEX onboarding_step_of_application ON onboarding_step (application_id, id);

-- Names and registration numbers with whom the owner does no business. text: without width, case, blanks and punctuation.
CREATE TABLE blocked_party (
    text       text PRIMARY KEY COLLATE "C",
    shown      text NOT NULL,
    decided_by text NOT NULL,
    reason     text NOT NULL
);

CREATE TABLE licensed_category (
    category text PRIMARY KEY COLLATE "C",
    document text NOT NULL
);

-- How a merchant is settled, from a day on. Reference: a change raises reference_version. terms: those of florin.payments.
CREATE TABLE settlement_terms (
    merchant_id bigint NOT NULL REFERENCES merchant,
    from_on     date   NOT NULL,
    terms       jsonb  NOT NULL,
    decided_by  text   NOT NULL,
    reason      text   NOT NULL,
    decided_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (merchant_id, from_on)
);

-- Days on which banks do not work as their weekday says.
CREATE TABLE bank_holiday (
    on_day   date PRIMARY KEY,
    is_open  boolean NOT NULL,
    name     text    NOT NULL DEFAULT ''
);

-- One day's part of a rolling reserve.
CREATE TABLE reserve_hold (
    lane         smallint NOT NULL,
    id           bigint   NOT NULL,
    merchant_id  bigint   NOT NULL,
    amount_minor bigint   NOT NULL CHECK (amount_minor > 0),
    held_on      date     NOT NULL,
    release_on   date     NOT NULL,
    released_on  date,
    PRIMARY KEY (lane, id)
);
CREATE INDEX reserve_to_release ON reserve_hold (release_on) WHERE released_on IS NULL;

-- What a merchant was owed at the end of a day on which something of his moved: his bills begin and end with it.
CREATE TABLE merchant_day (
    merchant_id   bigint NOT NULL,
    ended_on      date   NOT NULL,
    closing_minor bigint NOT NULL,
    PRIMARY KEY (merchant_id, ended_on)
);

-- A window that was swept: a merchant's day in a lane, or a part of it between two of his cut-offs, in minutes after midnight.
CREATE TABLE sweep (
    lane         smallint NOT NULL,
    merchant_id  bigint   NOT NULL,
    window_on    date     NOT NULL,
    window_from  smallint NOT NULL DEFAULT 0,
    window_until smallint NOT NULL DEFAULT 1440,
    amount_minor bigint   NOT NULL,
    swept_on     date     NOT NULL,
    PRIMARY KEY (lane, merchant_id, window_on, window_from)
);

CREATE TABLE payout (
    lane         smallint NOT NULL,
    id           bigint   NOT NULL,
    merchant_id  bigint   NOT NULL DEFAULT 0,
    person_id    bigint   NOT NULL DEFAULT 0,
    amount_minor bigint   NOT NULL CHECK (amount_minor > 0),
    state        text     NOT NULL CHECK (state IN ('sent', 'settled', 'returned')),
    requested_on date     NOT NULL,
    settled_on   date,
    bank_reference text   NOT NULL DEFAULT '',
    fee_minor    bigint   NOT NULL DEFAULT 0 CHECK (fee_minor >= 0),   -- that a person pays beside it
    reason       text     NOT NULL DEFAULT '',   -- why the bank could not pay, in words and by the standard's code
    reason_code  text     NOT NULL DEFAULT '',
    PRIMARY KEY (lane, id)
);
CREATE INDEX payout_of_person ON payout (lane, person_id) WHERE person_id <> 0;
CREATE INDEX payout_in_transit ON payout (lane, id) WHERE state = 'sent';

-- How many people must approve a day's payouts to merchants before the bank is told.
CREATE TABLE payout_policy (
    only_row  boolean  PRIMARY KEY DEFAULT true CHECK (only_row),
    approvals smallint NOT NULL CHECK (approvals BETWEEN 0 AND 2)
);

-- The payouts to merchants of one day, by the policy of that day.
CREATE TABLE payout_batch (
    made_on     date     PRIMARY KEY,
    payouts     integer  NOT NULL,
    total_minor bigint   NOT NULL,
    needed      smallint NOT NULL
);

-- Who approved which sum: of another sum it says nothing. One person approves once.
CREATE TABLE payout_approval (
    made_on     date NOT NULL REFERENCES payout_batch,
    decided_by  text NOT NULL,
    reason      text NOT NULL,
    total_minor bigint NOT NULL,
    decided_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (made_on, decided_by)
);

-- ── outbox ────────────────────────────────────────────────────────────────────────────────────────────────────────

-- What somebody outside is to be told: written with the event, delivered after it, signed when sent.
CREATE TABLE outbox (
    lane         smallint    NOT NULL,
    id           bigint      NOT NULL,
    app_id       bigint      NOT NULL,
    event_id     bigint      NOT NULL,
    wire         text        NOT NULL,
    topic        text        NOT NULL,
    url          text        NOT NULL,
    state        text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'given-up')),
    attempts     integer     NOT NULL DEFAULT 0,
    next_at      timestamptz NOT NULL,
    delivered_at timestamptz,
    last_answer  text        NOT NULL DEFAULT '',
    payload      jsonb       NOT NULL,
    PRIMARY KEY (lane, id)
) WITH (fillfactor = 80);
-- By app first: one app's long queue is not read for another's message.
CREATE INDEX outbox_waiting ON outbox (app_id, next_at) WHERE state = 'waiting';

-- A merchant's webhook endpoints: topics, empty for all; two secrets while one is rotated out.
CREATE TABLE webhook_endpoint (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    merchant_id    bigint      NOT NULL REFERENCES merchant,
    url            text        NOT NULL,
    topics         text[]      NOT NULL,
    secret         bytea       NOT NULL,
    old_secret     bytea,
    old_until      timestamptz,
    allow_loopback boolean     NOT NULL DEFAULT false,
    created_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX webhook_endpoint_of_merchant ON webhook_endpoint (merchant_id);

-- Every try to tell somebody. app_id: as in outbox; below zero an endpoint.
CREATE TABLE webhook_attempt (
    app_id       bigint      NOT NULL,
    attempted_at timestamptz NOT NULL,
    lane         smallint    NOT NULL,
    message_id   bigint      NOT NULL,
    attempt      integer     NOT NULL,
    status       integer     NOT NULL,
    latency_ms   integer     NOT NULL,
    heard        boolean     NOT NULL,
    answer       text        NOT NULL
);
CREATE INDEX webhook_attempt_to ON webhook_attempt (app_id, attempted_at);
CREATE INDEX webhook_attempt_by_time ON webhook_attempt USING brin (attempted_at);

-- ── beside the money ──────────────────────────────────────────────────────────────────────────────────────────────

-- What the bank's statement shows: the outside that the inside is reconciled with. entry_ref: the bank's own number, one an
-- entry where it gives one. fits: what of ours the entry is, empty while nobody knows; the prompt bank books only what is ours.
CREATE TABLE bank_line (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account       text   NOT NULL CHECK (account IN ('safeguarded', 'own', 'lender', 'mall', 'partner', 'buyer',
                                                           'network')),
    amount_minor  bigint NOT NULL,
    reference     text   NOT NULL COLLATE "C",
    booked_on     date   NOT NULL,
    entry_ref     text   NOT NULL DEFAULT '' COLLATE "C",
    fits          text   NOT NULL DEFAULT 'prompt' COLLATE "C",
    party         text   NOT NULL DEFAULT '',
    party_account text   NOT NULL DEFAULT '',
    text          text   NOT NULL DEFAULT '',
    return_code   text   NOT NULL DEFAULT '',
    file_id       bigint NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX bank_books_an_entry_once ON bank_line (account, coalesce(nullif(entry_ref, ''), reference));
CREATE INDEX bank_line_by_reference ON bank_line (account, reference);
CREATE INDEX bank_line_unexplained ON bank_line (account, booked_on) WHERE fits = '';

-- Which bank stands behind the port: one that answers at once, one that lives by the clock and by files, or a real one's files.
CREATE TABLE bank_setup (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    mode     text    NOT NULL CHECK (mode IN ('prompt', 'clock', 'files'))
);

-- A file to or from the bank, whole. The same message again is refused, whatever its file is called.
CREATE TABLE bank_file (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    direction    text        NOT NULL CHECK (direction IN ('out', 'in')),
    message_id   text        NOT NULL COLLATE "C",
    message      text        NOT NULL,
    name         text        NOT NULL,
    state        text        NOT NULL CHECK (state IN ('made', 'sent', 'taken', 'refused')),
    posted_on    date        NOT NULL,
    made_at      timestamptz NOT NULL,
    items        integer     NOT NULL DEFAULT 0,
    amount_minor bigint      NOT NULL DEFAULT 0,
    note         text        NOT NULL DEFAULT '',
    content      bytea       NOT NULL
);
CREATE UNIQUE INDEX bank_file_is_taken_once ON bank_file (direction, message_id) WHERE state <> 'refused';
CREATE INDEX bank_file_to_send ON bank_file (id) WHERE state = 'made';

-- What the bank is asked for: money out of an account, a debit into one, or a move between two of ours. answered: by the
-- bank's own entry, or its rejection. returned_on: it came back after it had been booked.
CREATE TABLE bank_order (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind           text   NOT NULL CHECK (kind IN ('payment', 'debit', 'move')),
    account        text   NOT NULL,
    to_account     text   NOT NULL DEFAULT '',
    amount_minor   bigint NOT NULL CHECK (amount_minor > 0),
    reference      text   NOT NULL COLLATE "C" CONSTRAINT bank_order_is_given_once UNIQUE,
    end_to_end_id  text   NOT NULL COLLATE "C" UNIQUE CHECK (length(end_to_end_id) <= 35),
    party          text   NOT NULL DEFAULT '',
    asked_on       date   NOT NULL,
    file_id        bigint REFERENCES bank_file,
    state          text   NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'accepted', 'rejected', 'booked')),
    booked_on      date,
    bank_reference text   NOT NULL DEFAULT '',
    reason_code    text   NOT NULL DEFAULT '',
    reason         text   NOT NULL DEFAULT '',
    returned_on    date,
    return_told    boolean NOT NULL DEFAULT false
) WITH (fillfactor = 80);
CREATE INDEX bank_order_queued ON bank_order (id) WHERE state = 'queued';
CREATE INDEX bank_order_open ON bank_order (asked_on) WHERE state IN ('queued', 'sent', 'accepted');
CREATE INDEX bank_order_returned ON bank_order (id) WHERE returned_on IS NOT NULL AND NOT return_told;
CREATE INDEX bank_order_move_rejected ON bank_order (id) WHERE kind = 'move' AND state = 'rejected';
CREATE INDEX bank_order_of_file ON bank_order (file_id);

-- Whose statement of which day has been taken.
CREATE TABLE bank_statement (
    account       text   NOT NULL,
    stated_on     date   NOT NULL,
    opening_minor bigint NOT NULL,
    closing_minor bigint NOT NULL,
    file_id       bigint NOT NULL REFERENCES bank_file,
    PRIMARY KEY (account, stated_on)
);

-- Where a statement and our side differ, from found to explained.
CREATE TABLE bank_break (
    lane           smallint NOT NULL,
    id             bigint   NOT NULL,
    account        text     NOT NULL,
    what           text     NOT NULL CHECK (what IN ('missing-at-bank', 'missing-with-us', 'amount-differs', 'duplicate')),
    reference      text     NOT NULL,
    entry_ref      text     NOT NULL,
    expected_minor bigint   NOT NULL,
    found_minor    bigint   NOT NULL,
    since_on       date     NOT NULL,
    state          text     NOT NULL CHECK (state IN ('open', 'resolved')),
    owner          text     NOT NULL,
    note           text     NOT NULL,
    resolved_on    date,
    resolved_by    text     NOT NULL,
    reason         text     NOT NULL,
    CONSTRAINT bank_break_is_resolved_once CHECK ((state = 'resolved') = (resolved_on IS NOT NULL)),
    PRIMARY KEY (lane, id)
);
CREATE INDEX bank_break_open ON bank_break (since_on) WHERE state = 'open';

-- Money that came and fits nothing, until it is known whose it is.
CREATE TABLE receipt (
    lane           smallint NOT NULL,
    id             bigint   NOT NULL,
    amount_minor   bigint   NOT NULL CHECK (amount_minor > 0),
    bank_reference text     NOT NULL,
    booked_on      date     NOT NULL,
    party          text     NOT NULL,
    party_account  text     NOT NULL,
    text           text     NOT NULL,
    state          text     NOT NULL CHECK (state IN ('open', 'allocated', 'sending-back', 'sent-back')),
    payout_id      bigint   NOT NULL,
    PRIMARY KEY (lane, id)
);
CREATE INDEX receipt_open ON receipt (booked_on) WHERE state IN ('open', 'sending-back');

-- The simulated bank's own side: what it has booked or will book, how it treats whom, what it was told to do wrong.
CREATE TABLE simulated_entry (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account       text   NOT NULL,
    amount_minor  bigint NOT NULL,
    end_to_end_id text   NOT NULL COLLATE "C",
    due_on        date   NOT NULL,
    booked_on     date,
    party         text   NOT NULL DEFAULT '',
    party_account text   NOT NULL DEFAULT '',
    text          text   NOT NULL DEFAULT '',
    return_code   text   NOT NULL DEFAULT '',
    entry_ref     text   NOT NULL DEFAULT ''
);
CREATE INDEX simulated_entry_waiting ON simulated_entry (due_on, id) WHERE booked_on IS NULL;
CREATE INDEX simulated_entry_booked ON simulated_entry (booked_on, account);
CREATE TABLE simulated_message (message_id text PRIMARY KEY COLLATE "C");
CREATE TABLE simulated_rule (
    party  text    NOT NULL COLLATE "C",
    effect text    NOT NULL CHECK (effect IN ('reject', 'return', 'delay')),
    code   text    NOT NULL DEFAULT '',
    days   integer NOT NULL DEFAULT 0 CHECK (days BETWEEN 0 AND 90),
    PRIMARY KEY (party, effect)
);
CREATE TABLE simulated_mishap (
    name  text    PRIMARY KEY,
    times integer NOT NULL DEFAULT 0 CHECK (times >= 0)
);
CREATE TABLE simulated_day (
    only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    stated_on date    NOT NULL,
    written   bigint  NOT NULL DEFAULT 0
);

-- Requests whose signature did not fit: shown to the merchant with the string that was expected.
CREATE TABLE signature_failure (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    app_id        bigint,
    received_at   timestamptz NOT NULL DEFAULT now(),
    request_line  text NOT NULL,
    expected_text text NOT NULL,
    received_text text NOT NULL DEFAULT '',
    finding       text NOT NULL
);
CREATE INDEX signature_failure_by_app ON signature_failure (app_id, id);

-- The last calls of each app, for its merchant's page. A crash may empty it: nothing else reads it.
CREATE UNLOGGED TABLE wire_call (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    app_id      bigint NOT NULL,
    received_at timestamptz NOT NULL,
    wire        text NOT NULL,
    asked       text NOT NULL,
    answered    text NOT NULL,
    took_us     integer NOT NULL
);
CREATE INDEX wire_call_by_app ON wire_call (app_id, id);

CREATE TABLE proof (
    proven_on  date PRIMARY KEY,
    holds      boolean NOT NULL,
    report     jsonb NOT NULL,
    proven_at  timestamptz NOT NULL
);
