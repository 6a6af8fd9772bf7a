"""What reaches an operation and what does not: bodies, headers, methods, faults. Against an engine that says yes."""

from __future__ import annotations

import asyncio
import gzip
import importlib
import json
import pkgutil
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from florin import campaigns, credit, engine, market, payments, wallet
from florin.engine import Busy, Outcome
from florin.events.refusals import REFUSALS
from florin.wires.rest import problems
from florin.wires.rest.problems import language_of
from florin.wires.rest.serve import BODY_BYTES_MAX, House, Settings
from wires.rest.fakes import MERCHANT_KEY, FakeEngine, FakeReads, api_key, fake_app

GOOD = {"amount_minor": 19_900, "subject": "tea"}


class Answer:
    """What came back: status, headers, body."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def json(self) -> Any:
        return json.loads(self.body)


class Door:
    """The application, asked with raw requests."""

    def __init__(self) -> None:
        self.engine = FakeEngine()
        self.app = fake_app(self.engine)

    def ask(
        self,
        body: bytes | list[bytes] = b"",
        *,
        method: str = "POST",
        path: str = "/v1/payments",
        headers: list[tuple[bytes, bytes]] | None = None,
        query: bytes = b"",
        announces_more: bool = False,
    ) -> Answer:
        """body: in one piece, or chunk by chunk. headers: beside the API key. announces_more: and then goes away."""
        chunks = [body] if isinstance(body, bytes) else body
        messages = [
            {"type": "http.request", "body": chunk, "more_body": announces_more or number < len(chunks) - 1}
            for number, chunk in enumerate(chunks)
        ]
        messages.append({"type": "http.disconnect"})
        waiting: Iterator[dict[str, Any]] = iter(messages)
        sent: list[dict[str, Any]] = []

        async def receive() -> Any:
            return next(waiting)

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "root_path": "",
            "http_version": "1.1",
            "scheme": "http",
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
            "headers": [
                (b"host", b"florin.test"),
                (b"authorization", b"Bearer " + MERCHANT_KEY.encode()),
                *(headers if headers is not None else [(b"idempotency-key", b"one")]),
            ],
        }
        asyncio.run(self.app(scope, receive, send))  # type: ignore[arg-type]
        if not sent:
            return Answer(0, {}, b"")
        found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], found, b"".join(message.get("body", b"") for message in sent[1:]))


@pytest.fixture
def door() -> Door:
    return Door()


def refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    shown: dict[str, Any] = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status, shown["status"], shown["code"]) == (status, status, code)
    return shown


def test_a_good_request_reaches_the_engine_as_one_command(door: Door):
    answer = door.ask(json.dumps(GOOD).encode())

    assert answer.status == 201
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("application/json", "no-store")
    assert door.engine.asked[0].command.amount_minor == 19_900
    assert int(answer.headers["content-length"]) == len(answer.body)


# ── bodies ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null x",
        b'{"amount_minor": 1,}',
        b'{"amount_minor": NaN, "subject": "tea"}',
        b'{"amount_minor": 100, "subject": "tea"} and more',
        b'\xef\xbb\xbf{"amount_minor": 100, "subject": "tea"}',
        '{"amount_minor": 100, "subject": "茶"}'.encode("gbk"),
        '{"amount_minor": 100, "subject": "tea"}'.encode("utf-16"),
        b'{"amount_minor": 100, "subject": "\\ud800"}',
        b"[" * 200_000,
        b'{"a":' * 100_000,
    ],
)
def test_what_is_not_json_in_utf_8_is_refused_and_nothing_done(door: Door, body):
    refused(door.ask(body), 400, "BodyNotJson")

    assert door.engine.asked == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount_minor": 199.0}, "amount_minor"),
        ({"amount_minor": 1.5}, "amount_minor"),
        ({"amount_minor": "19900"}, "amount_minor"),
        ({"amount_minor": 0}, "amount_minor"),
        ({"amount_minor": -1}, "amount_minor"),
        ({"amount_minor": 10**30}, "amount_minor"),
        ({"amount_minor": True}, "amount_minor"),
        ({"amount_minor": None}, "amount_minor"),
        ({"amount_minor": {"amount": "199.00"}}, "amount_minor"),
        ({"amount": "199.00"}, "amount"),
        ({"subject": ""}, "subject"),
        ({"subject": "a\x00b"}, "subject"),
        ({"subject": "a\nb"}, "subject"),
        ({"subject": "x" * 257}, "subject"),
        ({"currency": "USD"}, "currency"),
        ({"order_number": "with blank"}, "order_number"),
        ({"order_number": "x" * 65}, "order_number"),
        ({"agreement_id": 5}, "agreement_id"),
        ({"agreement_id": "12a"}, "agreement_id"),
        ({"tenders": []}, "tenders"),
        ({"tenders": ["gold"]}, "tenders[0]"),
        ({"installments": 3.0}, "installments"),
        ({"fee_payer": "state"}, "fee_payer"),
        ({"expires_at": "2026-03-05"}, "expires_at"),
        ({"expires_at": "2026-03-05T10:00:00"}, "expires_at"),
        ({"return_url": "javascript:alert(1)"}, "return_url"),
        ({"return_url": "https://shop.test/a b"}, "return_url"),
    ],
)
def test_a_field_that_cannot_stay_is_named_with_its_fix(door: Door, change, field):
    shown = refused(door.ask(json.dumps({**GOOD, **change}).encode()), 422, "FieldsInvalid")

    assert [error["field"] for error in shown["errors"]] == [field]
    assert shown["errors"][0]["message"]
    assert door.engine.asked == []


def test_all_wrong_fields_are_named_at_once(door: Door):
    body = {"amont_minor": 1, "subject": 5, "capture": "yes"}

    shown = refused(door.ask(json.dumps(body).encode()), 422, "FieldsInvalid")

    assert {error["field"]: error.get("fix", "") for error in shown["errors"]} == {
        "amont_minor": "Did you mean `amount_minor`?",
        "amount_minor": "Send an integer from 1 to 10000000000, without quotes, in minor units (¥199.00 is 19900).",
        "subject": "Send a string of 1 to 256 characters, without control characters.",
        "capture": "Send true or false.",
    }


@pytest.mark.parametrize(
    "body",
    [
        b'{"amount_minor": 19900, "amount_minor": 1, "subject": "tea"}',
        b'{"amount_minor": 19900, "subject": "tea", "amount_minor": 19900}',
        b'{"amount_minor": 19900, "subject": "tea", "amount_minor" \n\t : 1}',
        b'{"amount_minor": 19900, "subject": "tea", "\\u0061mount_minor": 1}',
        b'{"amount_minor": 19900, "subject": "tea", "amount\\u005Fminor": 1}',
        b'{"amount_minor": "19900", "amount_minor": 1, "subject": "tea"}',
        b'{"amount_minor": 1.5, "subject": "tea", "amount_minor": 1.5}',
    ],
)
def test_a_field_that_comes_twice_is_refused_by_name_and_nothing_done(door: Door, body):
    shown = refused(door.ask(body), 400, "FieldRepeated")

    assert shown["numbers"] == {"field": "amount_minor"}
    assert "Send it once" in shown["detail"]
    assert door.engine.asked == []


@pytest.mark.parametrize(
    "subject",
    [
        '"amount_minor": 5, "amount_minor": 6',
        'a\\"amount_minor": 5',
        'amount_minor": ',
        "amount_minor",
        "café \u00e9",
        "茶",
        "\\u0061mount_minor",
        '":"',
    ],
)
@pytest.mark.parametrize("is_ascii", [True, False])
def test_a_text_that_looks_like_a_second_field_is_none(door: Door, subject, is_ascii):
    body = json.dumps({**GOOD, "subject": subject}, ensure_ascii=is_ascii).encode()

    assert door.ask(body).status == 201
    assert door.engine.asked[0].command.subject == subject


def test_a_repeated_field_of_one_item_refuses_that_item_alone(door: Door):
    good = {**GOOD, "subject": "café", "idempotency_key": "good"}
    twice = '{"subject": "tea", "subject": "gold", "amount_minor": 1, "idempotency_key": "twice"}'
    body = f'{{"items": [{json.dumps(good)}, {twice}]}}'.encode()

    outcomes = door.ask(body, path="/v1/payments/batch", headers=[]).json()["outcomes"]

    assert [outcome["status"] for outcome in outcomes] == [201, 400]
    assert outcomes[1]["problem"]["numbers"] == {"field": "items[1].subject"}
    refused(door.ask(b'{"items": [], "items": []}', path="/v1/payments/batch", headers=[]), 400, "FieldRepeated")


@pytest.mark.parametrize("text", ["null", "NULL", "0.5", "-1", "1772000000"])
def test_null_or_a_number_in_a_query_is_no_time(door: Door, text):
    answer = door.ask(b"", method="GET", query=f"created_from={text}".encode())

    assert answer.status == 422
    assert answer.json()["errors"][0]["field"] == "created_from"


def test_two_orders_of_a_parent_may_not_share_a_number(door: Door):
    order = {"amount_minor": 1, "subject": "tea"}
    twice = {"order_number": "P-1", "orders": [{**order, "order_number": number} for number in ("A", "B", "A")]}
    parents = {"order_number": "A", "orders": [{**order, "order_number": "A"}]}

    answers = [door.ask(json.dumps(body).encode(), path="/v1/parent-orders") for body in (twice, parents)]

    assert [answer.json()["errors"][0]["field"] for answer in answers] == [
        "orders[2].order_number",
        "orders[0].order_number",
    ]
    assert door.engine.asked == []


def test_a_batch_without_items_is_told_what_to_send(door: Door):
    shown = refused(door.ask(b"{}", path="/v1/payments/batch", headers=[]), 422, "FieldsInvalid")

    assert shown["errors"] == [
        {"field": "items", "message": "This field is missing.", "fix": "Send an array of 1 to 1000 objects."}
    ]
    wrong = refused(door.ask(b'{"items": "all"}', path="/v1/payments/batch", headers=[]), 422, "FieldsInvalid")
    assert wrong["errors"][0]["message"] == "An array is expected, not a string."


@pytest.mark.parametrize("body", [b"[]", b"5", b'"text"', b"null"])
def test_a_body_that_is_no_object_is_refused(door: Door, body):
    assert refused(door.ask(body), 422, "FieldsInvalid")["errors"][0]["field"] == "$"


def test_a_body_of_ten_megabytes_is_refused_by_its_length_and_drained(door: Door):
    size = str(10 * BODY_BYTES_MAX).encode()
    chunk = b" " * BODY_BYTES_MAX

    answer = door.ask([chunk] * 10, headers=[(b"idempotency-key", b"one"), (b"content-length", size)])

    assert refused(answer, 413, "BodyTooLarge")["numbers"] == {"bytes_max": BODY_BYTES_MAX}
    assert door.engine.asked == []


def test_a_body_that_grows_too_large_without_saying_so_is_refused(door: Door):
    refused(door.ask([b" " * 400_000] * 5), 413, "BodyTooLarge")
    refused(door.ask(b" " * (BODY_BYTES_MAX + 1)), 413, "BodyTooLarge")


@pytest.mark.parametrize("length", [b"-1", b"ten", b"9" * 400, b"1e3", "٣".encode()])
def test_a_length_that_is_none_is_refused(door: Door, length):
    answer = door.ask(json.dumps(GOOD).encode(), headers=[(b"idempotency-key", b"one"), (b"content-length", length)])

    refused(answer, 413, "BodyTooLarge")


def test_a_body_may_come_in_pieces(door: Door):
    whole = json.dumps(GOOD).encode()

    assert door.ask([whole[:5], whole[5:9], whole[9:]]).status == 201


def test_a_body_that_breaks_off_is_refused_and_nothing_done(door: Door):
    answer = door.ask([b'{"amount_minor": 19900, '], announces_more=True)

    refused(answer, 400, "BodyBroken")
    assert door.engine.asked == []


# ── headers ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "content_type",
    [b"application/json", b"application/json; charset=utf-8", b'Application/JSON;charset="UTF-8"'],
)
def test_json_in_utf_8_may_say_so(door: Door, content_type):
    headers = [(b"idempotency-key", b"one"), (b"content-type", content_type)]

    assert door.ask(json.dumps(GOOD).encode(), headers=headers).status == 201


@pytest.mark.parametrize(
    "header",
    [
        (b"content-type", b"application/x-www-form-urlencoded"),
        (b"content-type", b"text/plain"),
        (b"content-type", b"application/json; charset=gbk"),
        (b"content-type", b"application/jsonp"),
        (b"content-encoding", b"gzip"),
    ],
)
def test_another_type_charset_or_packing_is_refused(door: Door, header):
    body = gzip.compress(json.dumps(GOOD).encode())

    refused(door.ask(body, headers=[(b"idempotency-key", b"one"), header]), 415, "ContentTypeWrong")


def test_what_moves_money_needs_an_idempotency_key(door: Door):
    refused(door.ask(json.dumps(GOOD).encode(), headers=[]), 400, "IdempotencyKeyMissing")

    assert door.engine.asked == []


@pytest.mark.parametrize("key", [b"", b"with blank", b"x" * 256, "键".encode(), b"a\x00b", b"tab\there"])
def test_an_idempotency_key_is_visible_ascii(door: Door, key):
    refused(door.ask(json.dumps(GOOD).encode(), headers=[(b"idempotency-key", key)]), 400, "IdempotencyKeyInvalid")


def test_a_header_that_comes_twice_is_refused(door: Door):
    headers = [(b"idempotency-key", b"one"), (b"idempotency-key", b"two")]

    shown = refused(door.ask(json.dumps(GOOD).encode(), headers=headers), 400, "HeaderRepeated")

    assert shown["numbers"] == {"header": "idempotency-key"}


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9", "zh"),
        ("en-US,en;q=0.9,zh;q=0.1", "en"),
        ("fr, zh;q=0.3, en;q=0.2", "zh"),
        ("zh;q=0", "en"),
        ("zh;q=nonsense", "en"),
        ("de", "en"),
        ("ZH-hans", "zh"),
    ],
)
def test_the_language_is_the_one_that_the_reader_prefers(header, language):
    assert language_of(header) == language


# ── methods and addresses ─────────────────────────────────────────────────────────────────────────────────────────


def test_another_method_is_told_which_ones_there_are(door: Door):
    answer = door.ask(method="PATCH")

    refused(answer, 405, "MethodNotAllowed")
    assert answer.headers["allow"] == "GET, OPTIONS, POST"
    options = door.ask(method="OPTIONS")
    assert (options.status, options.headers["allow"]) == (204, "GET, OPTIONS, POST")


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/nothing", "/v2/payments", "/v1/payments/1/2/3", "/v1//payments/1/2"])
def test_an_address_that_is_none_is_a_problem_too(door: Door, path):
    refused(door.ask(method="GET", path=path), 404, "PathUnknown")


# ── faults ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_busy_account_says_when_to_try_again(door: Door):
    door.engine.says = Outcome(refusal=Busy(table="line"))

    answer = door.ask(json.dumps(GOOD).encode())

    refused(answer, 503, "Busy")
    assert answer.headers["retry-after"] == "1"


def test_a_database_that_is_away_says_that_the_key_makes_it_safe_to_try_again(door: Door):
    door.engine.says = psycopg.OperationalError("server closed the connection")

    answer = door.ask(json.dumps(GOOD).encode())

    assert "Idempotency-Key" in refused(answer, 503, "StoreUnavailable")["detail"]
    assert b"server closed" not in answer.body
    assert answer.headers["retry-after"] == "1"


def test_a_bug_of_ours_is_not_told_but_answered(door: Door):
    door.engine.says = RuntimeError("secret")

    answer = door.ask(json.dumps(GOOD).encode())

    refused(answer, 500, "Unexpected")
    assert b"secret" not in answer.body


def test_a_replay_is_marked(door: Door):
    first = door.ask(json.dumps(GOOD).encode())
    event = door.engine._yes(door.engine.asked[0].command).event
    door.engine.says = Outcome(event=event, events=(event,), event_id=1, replayed=True)

    again = door.ask(json.dumps(GOOD).encode())

    assert (again.body, again.headers["idempotency-replayed"]) == (first.body, "true")


def test_a_key_that_many_requests_bring_at_once_is_looked_up_once():
    reads = FakeReads()
    key = api_key(MERCHANT_KEY, "merchant", 1)
    reads.answers["find"] = key
    house = House(engine=FakeEngine(), reads=reads, settings=Settings(checkout_url=str))  # type: ignore[arg-type]

    async def many() -> list[Any]:
        return list(await asyncio.gather(*(house.find_key(MERCHANT_KEY) for _ in range(50))))

    assert asyncio.run(many()) == [key] * 50
    assert (reads.asked, house.asked) == (1, {})


# ── problems ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _modules_that_rule() -> frozenset[str]:
    """Every module of rules and machinery, imported: a refusal is known once its module is."""
    names = []
    for package in (campaigns, credit, engine, market, payments, wallet):
        modules = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        names += [importlib.import_module(module.name).__name__ for module in modules]
    return frozenset(names)


def test_every_refusal_has_a_status_chosen_for_it_and_none_is_of_yesterday():
    modules = _modules_that_rule()
    ours = {name for name, refusal in REFUSALS.items() if refusal.__module__ in modules}

    assert set(problems.STATUS) == ours


def test_every_problem_has_a_page_that_explains_it(door: Door):
    for name, shown in problems.explained().items():
        answer = door.ask(method="GET", path=f"/problems/{name}")
        assert (answer.status, answer.json()) == (200, shown)
    refused(door.ask(method="GET", path="/problems/nothing"), 404, "PathUnknown")


def test_titles_and_types_are_made_of_the_name():
    assert problems.title_of("RefundExceedsPayment") == "Refund exceeds payment"
    assert problems.type_of("RefundExceedsPayment") == "/problems/refund-exceeds-payment"
