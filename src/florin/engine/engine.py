"""The engine's front: gathers what callers submit while the last batch commits, and answers after COMMIT.

Natural batching: there is no timer. When a committing connection is free it takes all that waits, at most `batch_max`; when
nothing waits, a single command is a batch of one and does not wait at all.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import date, datetime

import psycopg
from psycopg import Connection

from florin.engine import admin, oauth
from florin.engine.actions import ACTIONS
from florin.engine.batch import Committer
from florin.engine.gathered import Gathered
from florin.engine.ids import IdBlocks
from florin.engine.reference import Reference
from florin.engine.side import Answer
from florin.engine.submission import Outcome, Submission
from florin.money.at import At
from florin.structs import prepare_structs

BATCH_MAX = 500


class EngineClosed(RuntimeError):
    """Submitted to an engine that has been closed; nothing was done."""


Answered = list[Outcome] | BaseException


class _Call:
    """One caller's submissions, in order, and the future that waits for their outcomes; loop: the future's, if it has one."""

    __slots__ = ("future", "loop", "submissions")

    def __init__(self, submissions: Sequence[Submission], loop: asyncio.AbstractEventLoop | None = None) -> None:
        for submission in submissions:
            if type(submission.command) not in ACTIONS:
                raise TypeError(f"the engine knows no command {type(submission.command).__name__}")
        self.submissions = submissions
        self.loop = loop
        self.future: Future[list[Outcome]] | asyncio.Future[list[Outcome]] = loop.create_future() if loop else Future()


class Engine:
    """Commands in, outcomes out. One per process; safe for threads and for asyncio.

    dsn: of the role `florin_engine`. connections: committing connections, one or two.
    """

    def __init__(self, dsn: str, *, connections: int = 1, batch_max: int = BATCH_MAX, name: str = "florin") -> None:
        prepare_structs()  # before the threads that read them
        self.dsn = dsn
        self._name = name
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._batch_max = batch_max
        self._closed = False
        self._committers = [Committer(dsn, name=name) for _ in range(connections)]
        self._looks: Gathered[None, tuple[At, Reference]] = Gathered(self._look_for, name="florin-engine-look")
        self._threads = [
            threading.Thread(target=self._serve, args=(committer,), name=f"florin-engine-{number}", daemon=True)
            for number, committer in enumerate(self._committers)
        ]
        for thread in self._threads:
            thread.start()

    def execute(self, submissions: Sequence[Submission]) -> list[Outcome]:
        """One outcome for each submission, in order, after its COMMIT. Raises what the database raised if it stays away."""
        call = self._submit(_Call(submissions))
        assert isinstance(call.future, Future)
        return call.future.result()

    async def execute_async(self, submissions: Sequence[Submission]) -> list[Outcome]:
        """As `execute`, for asyncio callers. A caller who goes away takes nothing back: what was submitted is done."""
        call = self._submit(_Call(submissions, asyncio.get_running_loop()))
        assert isinstance(call.future, asyncio.Future)
        return await call.future

    def new_id(self, lane: int) -> int:
        """A fresh id whose row will live in `lane`."""
        return self._committers[0].ids.take(lane)

    @property
    def reference(self) -> Reference:
        """Merchants, apps and programs as this process last saw them; each batch reloads them when their version moved."""
        return self.look()[1]

    def at(self) -> At:
        """The platform's clock now: business date and business time."""
        return self.look()[0]

    def look(self) -> tuple[At, Reference]:
        """`at` and `reference` together, for one question."""
        return self._committers[0].look()

    async def look_async(self) -> tuple[At, Reference]:
        """As `look`, for asyncio callers: one question for all who ask at a time."""
        return await self._looks(None)

    def issue_payment_code(self, person_id: int, line_id: int = 0) -> tuple[str, datetime]:
        """(code, expires_at) of a fresh payment code; line_id: the line it pays with, 0 for the wallet."""
        return self._ask(lambda side: admin.issue_payment_code(side, person_id=person_id, line_id=line_id))

    def issue_oauth_code(self, *, app_id: int, person_id: int, scopes: tuple[str, ...]) -> str:
        """A code with which an app learns who she is; see `oauth`."""
        return self._ask(lambda side: oauth.issue_code(side, app_id=app_id, person_id=person_id, scopes=scopes))

    def oauth_tokens_by_code(self, *, app_id: int, code: str) -> oauth.Tokens | None:
        return self._ask(lambda side: oauth.tokens_by_code(side, app_id=app_id, code=code))

    def oauth_tokens_by_refresh(self, *, app_id: int, refresh: str) -> oauth.Tokens | None:
        return self._ask(lambda side: oauth.tokens_by_refresh(side, app_id=app_id, refresh=refresh))

    def add_agreement(self, *, app_id: int, person_id: int, line_id: int, limit_minor: int) -> int:
        """The id of a new standing agreement; see `admin.add_agreement`."""
        ids = self._committers[0].ids
        return self._ask(
            lambda side: admin.add_agreement(
                side, ids, app_id=app_id, person_id=person_id, line_id=line_id, limit_minor=limit_minor
            )
        )

    def end_agreement(self, agreement_id: int, *, person_id: int) -> bool:
        """Take a consent back; True when it was that person's."""
        return self._ask(lambda side: admin.end_agreement(side, agreement_id, person_id=person_id))

    def beside(self, question: Callable[[Connection], Answer]) -> Answer:
        """A small change of reference rows on the side connection, in autocommit; see `webhooks`. Never money."""
        return self._ask(question)

    def apart(self, change: Callable[[Connection, IdBlocks], Answer]) -> Answer:
        """A change of reference rows in transactions and under locks of its own, on a connection of its own. Never money.

        change: is given a connection in autocommit, and fresh ids.
        """
        with psycopg.connect(self.dsn, autocommit=True, application_name=f"{self._name}-apart") as connection:
            return change(connection, self._committers[0].ids)

    def freeze_merchant(self, merchant_id: int) -> bool:
        """No new payment for this merchant, in every process from its next batch on. False: no such merchant."""
        return self._ask(lambda side: admin.set_merchant_state(side, merchant_id, "frozen"))

    def unfreeze_merchant(self, merchant_id: int) -> bool:
        """The merchant may take payments again. False: no such merchant."""
        return self._ask(lambda side: admin.set_merchant_state(side, merchant_id, "open"))

    def place_merchant(self, merchant_id: int, *, market: str | None = None, category: str | None = None) -> bool:
        """Where the merchant sells, and what kind of goods, for sales from now on; None leaves it. False: no such merchant."""
        return self._ask(lambda side: admin.place_merchant(side, merchant_id, market=market, category=category))

    def assign_fees(self, *, merchant_id: int, plan: str, from_on: date) -> None:
        """As `admin.assign_fees`."""
        self._ask(lambda side: admin.assign_fees(side, merchant_id=merchant_id, plan=plan, from_on=from_on))

    def put_store(self, merchant_id: int, code: str, *, name: str, name_zh: str = "", address: str = "") -> int:
        """As `admin.put_store`."""
        return self._ask(
            lambda side: admin.put_store(side, merchant_id, code, name=name, name_zh=name_zh, address=address)
        )

    def put_terminal(self, merchant_id: int, store: str, code: str, *, app_id: int) -> int | None:
        """As `admin.put_terminal`."""
        return self._ask(lambda side: admin.put_terminal(side, merchant_id, store, code, app_id=app_id))

    def close_store(self, merchant_id: int, store: str) -> bool:
        """As `admin.close_store`."""
        return self._ask(lambda side: admin.close_store(side, merchant_id, store))

    def close_terminal(self, merchant_id: int, store: str, code: str) -> bool:
        """As `admin.close_terminal`."""
        return self._ask(lambda side: admin.close_terminal(side, merchant_id, store, code))

    def close(self) -> None:
        """Finish what is under way and let the connections go. What is submitted later raises EngineClosed."""
        self._closed = True
        for _ in self._threads:
            self._calls.put(None)
        for thread in self._threads:
            thread.join(timeout=10)
        self._looks.close()
        for committer in self._committers:
            committer.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, question: Callable[[Connection], Answer]) -> Answer:
        return self._committers[0].side.ask(question)

    def _look_for(self, callers: Sequence[None]) -> Sequence[tuple[At, Reference]]:
        return [self.look()] * len(callers)

    def _submit(self, call: _Call) -> _Call:
        if self._closed:
            raise EngineClosed("this engine has been closed; nothing was done")
        self._calls.put(call)
        return call

    def _serve(self, committer: Committer) -> None:
        while (call := self._calls.get()) is not None:
            calls = [call]
            size = len(call.submissions)
            while size < self._batch_max:
                try:
                    more = self._calls.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    self._calls.put(None)
                    break
                calls.append(more)
                size += len(more.submissions)
            _answer(committer, calls)
            committer.wake_outbox()


def _answer(committer: Committer, calls: Sequence[_Call]) -> None:
    """Run the calls as one batch and hand each its own outcomes; linked groups of different calls stay apart."""
    answers: Sequence[Answered]
    try:
        answers = committer.commit([call.submissions for call in calls])
    except BaseException as failure:  # noqa: BLE001 - every caller is answered, whatever happened
        answers = [failure] * len(calls)
    # An event loop is woken once a batch, not once a call.
    by_loop: dict[asyncio.AbstractEventLoop | None, list[tuple[_Call, Answered]]] = {}
    for call, answer in zip(calls, answers, strict=True):
        by_loop.setdefault(call.loop, []).append((call, answer))
    for loop, answered in by_loop.items():
        if loop is None:
            _settle(answered)
        elif not loop.is_closed():
            loop.call_soon_threadsafe(_settle, answered)


def _settle(answered: Sequence[tuple[_Call, Answered]]) -> None:
    for call, answer in answered:
        if call.future.done():
            continue  # the caller has gone away
        if isinstance(answer, BaseException):
            call.future.set_exception(answer)
        else:
            call.future.set_result(answer)
