-- What the last daily proof that held has found: the sum of every account of every owner (0: the house's own in that lane), the
-- head of every writer's chain up to which events are summed, and the days it speaks for. A cache of the events: emptied, the
-- next proof reads all of them again.
CREATE TABLE proven_balance (
    lane         smallint NOT NULL,
    owner_id     bigint   NOT NULL,
    code         smallint NOT NULL,
    amount_minor bigint   NOT NULL,
    PRIMARY KEY (lane, owner_id, code)
) WITH (fillfactor = 80);

CREATE TABLE proven_head (
    writer integer PRIMARY KEY,
    seq    bigint NOT NULL,
    hash   bytea  NOT NULL
);

CREATE TABLE proven_through (
    only_row       boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    proven_on      date NOT NULL,
    closed_through date NOT NULL
);

-- A capture beside its authorization is found by its payment too; a direct one has the payment's own id.
DROP INDEX event_of_payment;
CREATE INDEX event_of_payment ON event (lane, payment_id)
    WHERE kind IN (43, 45, 46, 47, 164) OR (kind = 44 AND id <> payment_id);
