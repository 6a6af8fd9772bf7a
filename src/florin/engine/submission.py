"""What goes into the engine and what comes out: submissions, claims, outcomes.

A submission is a command with the claims that make it happen once. The first claim is its idempotency key: submitted again
with the same content it gets the stored answer, with other content it is refused. Further claims are things that may be
used once (a payment code, an order number); when one is taken the command is refused.
"""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from hashlib import blake2b, sha256
from typing import Any

import msgspec

from florin.engine.ids import lane_for
from florin.events import Event
from florin.events.refusals import Refusal
from florin.payments.payment import Payment
from florin.payments.trade import Trade

_encode = msgspec.msgpack.Encoder(order="deterministic").encode


class ClaimKind(IntEnum):
    """What a claim's key is: its number stands in the claim's row and is never reused."""

    ORDER = 1  # scope app: the merchant's order number
    REQUEST = 2  # scope app: the client's Idempotency-Key
    REFUND = 3  # scope payment's trade: the merchant's refund number
    CODE = 4  # scope 0: a payment code, good for one order
    BANK = 5  # scope 0: the bank's reference of incoming money
    FORM = 6  # scope person: one submission of one page
    JOB = 7  # scope 0: a scheduled piece of work
    LOGON = 8  # scope 0: a name to sign in with
    CHECKOUT = 9  # scope trade: the person who looks at it
    MERCHANT_REFUND = 27  # scope app: the merchant's refund number, where it is one for all of his orders
    TRANSFER = 28  # scope app: the merchant's number of what it gives to a person
    SHARE = 270  # scope app: the merchant's number of a sharing
    SHARE_RETURN = 271  # scope app: the merchant's number of a share that comes back


class Claim(msgspec.Struct, frozen=True):
    """kind, scope and key are unique together; fingerprint is the hash of what the key stands for."""

    kind: ClaimKind
    scope: int
    key: str
    fingerprint: bytes

    @property
    def lane(self) -> int:
        return lane_for(f"{self.scope}/{self.key}")

    @property
    def digest(self) -> str:
        """What the row is found by: the first half of SHA-256 over `kind/scope/key`, in hexadecimal."""
        return sha256(f"{self.kind:d}/{self.scope}/{self.key}".encode()).hexdigest()[:32]


def fingerprint(content: Any) -> bytes:
    """16 bytes that tell two contents apart: any msgspec-encodable value; the order of keys does not matter."""
    return blake2b(_encode(content), digest_size=16).digest()


def claim(kind: ClaimKind, scope: int, key: str, content: Any = None) -> Claim:
    """A claim on `key` for `content`; the same key with other content is another order, and is refused."""
    return Claim(kind, scope, key, fingerprint(content))


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """command: one of `florin.engine.actions.ACTIONS`. claims: the first is the idempotency key.

    group: submissions of one call with the same number above zero stand or fall together. keeps_refusal: a refusal is the
    key's stored answer; False leaves the key free, so that the same order may be tried again.
    """

    command: Any
    claims: tuple[Claim, ...] = ()
    group: int = 0
    keeps_refusal: bool = True


def job(key: str, command: Any, *, keeps_refusal: bool = True) -> Submission:
    """A step that the house owes itself: done once by its key, however often a close runs again."""
    return Submission(command=command, claims=(claim(ClaimKind.JOB, 0, key),), keeps_refusal=keeps_refusal)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one submission. Either `refusal` is there, or the command was done.

    event: the first event of the command; events: all of them (of a replay: the first alone). event_id: its row.
    replayed: the key had been answered before, and this is that answer.

    trade, payment: those that the event is about, as the command left them; at: the business time of its events. A replay
    has none of the three, since what stands there now may be another thing.
    """

    event: Event | None = None
    events: tuple[Event, ...] = ()
    refusal: Refusal | None = None
    event_id: int = 0
    replayed: bool = False
    trade: Trade | None = None
    payment: Payment | None = None
    at: datetime | None = None


class KeyConflict(Refusal, frozen=True, kw_only=True):
    """The same key came with other content."""

    en = "The key {key} was used before for something else. Use a new key, or send the same content."
    zh = "编号{key}已用于其他内容，请更换编号或提交相同内容。"

    kind: str
    key: str
    event_id: int


class AlreadyUsed(Refusal, frozen=True, kw_only=True):
    """Something that may be used once was used before."""

    en = "This {kind} was used before: {key}."
    zh = "已被使用：{key}。"

    kind: str
    key: str
    event_id: int


class Busy(Refusal, frozen=True, kw_only=True):
    """Somebody else holds a row for longer than this command may wait. Nothing was kept; the caller may try again."""

    en = "This account is busy for a moment. Nothing was done; please try again."
    zh = "账户正在处理其他业务，本次未做任何操作，请稍后重试。"

    table: str


class NotFound(Refusal, frozen=True, kw_only=True):
    """A row that the command names does not exist."""

    en = "There is no {what} {id}."
    zh = "找不到{what} {id}。"

    what: str
    id: int


class GuardRefused(Refusal, frozen=True, kw_only=True):
    """The database's own guard refused the write; its name says which promise would have been broken."""

    en = "This would break the rule {constraint}. Nothing was done."
    zh = "违反约束{constraint}，未做任何操作。"

    constraint: str


class EngineFault(Refusal, frozen=True, kw_only=True):
    """A mistake of ours met this command. Nothing of it was kept; the log has the whole story."""

    en = "Something is wrong on our side. Nothing was done, and you have not been charged."
    zh = "系统出现问题，本次未做任何操作，也未扣款。"

    fault: str


class GroupRefused(Refusal, frozen=True, kw_only=True):
    """Another command of the same linked group was refused, so this one was not done either."""

    en = "Not done, because a linked step was refused: {because}."
    zh = "关联步骤被拒绝，未执行：{because}。"

    because: str
