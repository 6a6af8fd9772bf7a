"""Claims: every key of a batch is claimed before anything is read, so that nothing happens twice.

A key that is taken has its answer: the event it was stored with, or a refusal by the name of the conflict. Twins within one
batch become one; linked groups are claimed whole or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import Connection

from florin.engine.jobs import Job, by_group
from florin.engine.submission import AlreadyUsed, Claim, GroupRefused, KeyConflict, Outcome
from florin.engine.tables.arrays import numbers
from florin.engine.tables.event import load_events
from florin.events import Event, Refused
from florin.events.refusals import refusal_of

_CLAIM = """
    INSERT INTO claim (lane, kind, event_id, digest, fingerprint)
    SELECT lane, kind, event_id, digest, fingerprint
      FROM unnest(%s::smallint[], %s::smallint[], %s::bigint[], %s::uuid[], %s::uuid[])
           AS c(lane, kind, event_id, digest, fingerprint)
  ORDER BY lane, digest                                 -- sorted: two processes cannot deadlock
        ON CONFLICT DO NOTHING
 RETURNING digest::text
"""
_CLAIMED = """
    SELECT c.digest, c.fingerprint, c.event_id
      FROM unnest(%s::smallint[], %s::uuid[]) AS k(lane, digest) JOIN claim c USING (lane, digest)
"""
_UNCLAIM = """
    DELETE FROM claim c USING unnest(%s::smallint[], %s::uuid[]) AS k(lane, digest)
     WHERE c.lane = k.lane AND c.digest = k.digest
"""


def claim(connection: Connection, jobs: Sequence[Job]) -> list[Job]:
    """Claim every key before anything is read. Gives the jobs that are new; the others have their answer."""
    wanted: dict[str, tuple[Claim, Job]] = {}
    fresh = [job for job in jobs if _is_first(job, wanted)]
    if not wanted:
        return fresh
    claims = [claim for claim, _ in wanted.values()]
    rows = connection.execute(
        _CLAIM,
        (
            numbers([claim.lane for claim in claims]), numbers([int(claim.kind) for claim in claims]),
            numbers([job.event_id for _, job in wanted.values()]), numbers(list(wanted)),
            numbers([claim.fingerprint.hex() for claim in claims]),
        ),
        prepare=True,
    ).fetchall()  # fmt: skip
    if len(rows) < len(claims):
        taken = wanted.keys() - {digest.replace("-", "") for (digest,) in rows}
        _answer_taken(connection, [wanted[digest] for digest in taken])
    return _whole_groups(connection, jobs, [job for job in fresh if job.outcome is None])


def _whole_groups(connection: Connection, jobs: Sequence[Job], fresh: list[Job]) -> list[Job]:
    """A linked group goes on as a whole: a member that waits, or has its answer by its key, decides for the others."""
    if not any(job.group for job in jobs):
        return fresh
    new = {id(job) for job in fresh}
    held: list[Job] = []
    for together in by_group(jobs):
        left = [job for job in together if id(job) in new]
        if len(left) == len(together) or together[0].group is None:
            continue
        held += left
        if any(job.outcome is None and id(job) not in new for job in together):
            if left or any(job.twin_of is None for job in together):
                for job in together:
                    job.outcome = job.twin_of = None
            continue
        answer = next(job.outcome for job in together if job.outcome is not None)
        for job in left:
            job.outcome = _beside(answer, job)
    unclaim(connection, [claim for job in held for claim in job.submission.claims])
    stopped = {id(job) for job in held}
    return [job for job in fresh if id(job) not in stopped]


def _answer_taken(connection: Connection, taken: Sequence[tuple[Claim, Job]]) -> None:
    """Replays get the stored answer; conflicts and used-up things are refused, and their other claims let go."""
    claims = [claim for claim, _ in taken]
    found = {
        digest.hex: (fingerprint.bytes, event_id)
        for digest, fingerprint, event_id in connection.execute(_CLAIMED, _claim_keys(claims), prepare=True)
    }
    events = load_events(connection, [event_id for _, event_id in found.values()])
    for claim, job in taken:
        fingerprint, event_id = found[claim.digest]
        if claim is not job.submission.claims[0]:
            if job.outcome is None:
                used = AlreadyUsed(kind=claim.kind.name.lower(), key=claim.key, event_id=event_id)
                job.outcome = Outcome(refusal=used)
        elif fingerprint != claim.fingerprint:
            conflict = KeyConflict(kind=claim.kind.name.lower(), key=claim.key, event_id=event_id)
            job.outcome = Outcome(refusal=conflict, event_id=event_id)
        else:
            job.outcome = _stored(events[event_id], event_id)
    losers = {id(job): job for _, job in taken}.values()
    free = [c for job in losers for c in job.submission.claims if c.digest not in found]
    unclaim(connection, free)


def unclaim(connection: Connection, claims: Sequence[Claim]) -> None:
    if claims:
        connection.execute(_UNCLAIM, _claim_keys(claims), prepare=True)


def _is_first(job: Job, wanted: dict[str, tuple[Claim, Job]]) -> bool:
    """Enter the job's claims. A job whose idempotency key stands there already with the same content is the twin of that job;
    one that shares another claim, or differs in content, waits for the next round, when the claim's fate is known."""
    claims = job.submission.claims
    digests = [claim.digest for claim in claims]
    taken = [wanted[digest] for digest in digests if digest in wanted]
    if not taken:
        wanted.update({digest: (claim, job) for digest, claim in zip(digests, claims, strict=True)})
        return True
    claim, other = taken[0]
    first = other.submission.claims[0]
    if claim is first and claim == claims[0]:
        job.twin_of = other
    return False


def _beside(answer: Outcome, job: Job) -> Outcome:
    """What becomes of a group's member whose fellow has its answer already: done with it, or refused with it."""
    if answer.refusal is not None:
        return Outcome(refusal=GroupRefused(because=answer.refusal.name))
    if job.submission.claims:
        return Outcome(refusal=GroupRefused(because=KeyConflict.__name__))
    return Outcome(replayed=True)


def left_free(job: Job) -> Sequence[Claim]:
    """The claims that do not stay: all of a command that waits; of a refused one what it would have used up, and its
    idempotency key too unless the refusal is that key's answer."""
    claims = job.submission.claims
    if job.outcome is None:
        return claims
    if job.outcome.refusal is None:
        return ()
    return claims[1:] if job.submission.keeps_refusal else claims


def _claim_keys(claims: Sequence[Claim]) -> tuple[str, str]:
    return numbers([c.lane for c in claims]), numbers([c.digest for c in claims])


def _stored(event: Event, event_id: int) -> Outcome:
    """The answer that a key's event holds."""
    if isinstance(event, Refused):
        return Outcome(refusal=refusal_of(event.refusal, event.numbers), event_id=event_id, replayed=True)
    return Outcome(event=event, events=(event,), event_id=event_id, replayed=True)
