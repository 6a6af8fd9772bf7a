-- A claim is found by a digest of its kind, scope and key, the first half of SHA-256, instead of by its text, which stood in the
-- row and in the index. Digest and fingerprint are 16 bytes that are no UUIDs; the type keeps them without a length.
CREATE TABLE claim_by_digest (
    lane        smallint NOT NULL,
    kind        smallint NOT NULL,
    event_id    bigint   NOT NULL,
    digest      uuid     NOT NULL,
    fingerprint uuid     NOT NULL,
    PRIMARY KEY (lane, digest)
);
INSERT INTO claim_by_digest (lane, kind, event_id, digest, fingerprint)
SELECT lane, kind, event_id,
       encode(substring(sha256(convert_to(kind || '/' || scope || '/' || key, 'UTF8')) FOR 16), 'hex')::uuid,
       encode(fingerprint, 'hex')::uuid
  FROM claim;
DROP TABLE claim;
ALTER TABLE claim_by_digest RENAME TO claim;
ALTER INDEX claim_by_digest_pkey RENAME TO claim_pkey;

-- An event's few fields are shorter as text than taken apart, and nothing is searched in them.
ALTER TABLE event ALTER COLUMN body TYPE json;
