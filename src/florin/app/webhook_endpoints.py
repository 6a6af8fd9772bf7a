"""`florin webhook add|list|rotate|drop|deliveries|replay|topics`: a merchant's endpoints, and what became of each message."""

from __future__ import annotations

import base64
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer
from psycopg import Connection

from florin.app.house import DataOption, JsonOption, Refused, entered, say, say_table
from florin.engine import NotFound, clock
from florin.engine.listeners import MERCHANT_TOPICS
from florin.engine.webhooks import Added, add_endpoint, remove_endpoint, replay, rotate_secret
from florin.events.refusals import Refusal
from florin.queries.webhooks import EndpointView, deliveries, endpoints_of, listeners_of
from florin.store import StoreRefusal

MerchantArgument = Annotated[
    int, typer.Argument(metavar="MERCHANT", help="His number, as `florin merchant list` gives it.")
]
EndpointArgument = Annotated[
    int, typer.Argument(metavar="ENDPOINT", help="Its number, as `florin webhook list` gives it.")
]


class NothingToReplay(StoreRefusal):
    def __init__(self) -> None:
        super().__init__("Say what is to be told again.", "Name a message, or --failed-since 2026-03-05T00:00.")


def register(app: typer.Typer) -> None:
    """Put these commands beside those of the owner's own address."""
    for name, command in (
        ("add", add), ("list", list_), ("rotate", rotate), ("drop", drop), ("deliveries", deliveries_),
        ("replay", replay_), ("topics", topics_),
    ):  # fmt: skip
        app.command(name)(command)


def add(
    merchant_id: MerchantArgument,
    url: Annotated[str, typer.Argument(help="Where his system listens.")],
    topic: Annotated[
        list[str] | None, typer.Option("--topic", help="Only this topic; may be said again. Else all.")
    ] = None,
    allow_loopback: Annotated[bool, typer.Option("--allow-loopback", help="It is on this machine.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell a merchant's system at one more address, and print the secret that messages are signed with, this once."""
    with entered(data) as house:
        if house.connection.execute("SELECT FROM merchant WHERE id = %s", (merchant_id,)).fetchone() is None:
            raise Refused(NotFound(what="merchant", id=merchant_id))
        added = _granted(
            add_endpoint(
                house.connection,
                merchant_id=merchant_id,
                url=url,
                topics=topic or (),
                known=MERCHANT_TOPICS,
                allow_loopback=allow_loopback,
            )
        )
    _say_secret(added, as_json, f"{url} is told from now on.")


def list_(
    merchant_id: Annotated[int, typer.Argument(metavar="[MERCHANT]", help="Of one merchant; else all.")] = 0,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Endpoints of merchants; never a secret."""
    with entered(data) as house:
        found = endpoints_of(house.connection, merchant_id=merchant_id or None)
    say_table(
        as_json,
        [{**asdict(each), "id": str(each.id), "merchant_id": str(each.merchant_id)} for each in found],
        ("endpoint", "merchant", "address", "topics", "two secrets until"),
        [
            (
                str(each.id), each.merchant, each.url, ", ".join(each.topics) or "all",
                f"{each.old_until:%Y-%m-%d %H:%M}" if each.old_until else "",
            )
            for each in found
        ],
    )  # fmt: skip


def rotate(endpoint_id: EndpointArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """A new secret. For a day messages carry the signatures of both, so that the listener changes his in peace."""
    with entered(data) as house:
        view = _known(house.connection, endpoint_id)
        done = _granted(rotate_secret(house.connection, endpoint_id, merchant_id=view.merchant_id))
    _say_secret(done, as_json, "The old secret signs beside this one for a day.")


def drop(endpoint_id: EndpointArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Tell nothing there any more; what waits is not sent."""
    with entered(data) as house:
        view = _known(house.connection, endpoint_id)
        refusal = remove_endpoint(house.connection, endpoint_id, merchant_id=view.merchant_id)
        if refusal is not None:
            raise Refused(refusal)
    say(as_json, {"removed": str(endpoint_id)}, f"{view.url} is told nothing any more.")


def deliveries_(
    merchant_id: MerchantArgument,
    failed: Annotated[bool, typer.Option("--failed", help="Only tries that were not heard.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Each try to tell a merchant's systems (0: the owner's), the newest first, and what became of it."""
    with entered(data) as house:
        to = listeners_of(house.connection, merchant_id=merchant_id) if merchant_id else [0]
        found = deliveries(house.connection, app_ids=to, failed=failed)
    say_table(
        as_json,
        [{**asdict(each), "message_id": str(each.message_id), "event_id": str(each.event_id)} for each in found],
        ("message", "topic", "at", "try", "status", "ms", "heard", "now", "address", "answer"),
        [
            (
                str(each.message_id), each.topic, f"{each.attempted_at:%Y-%m-%d %H:%M:%S}", str(each.attempt),
                str(each.status or ""), str(each.latency_ms), "yes" if each.heard else "no", each.state, each.url,
                each.answer[:60],
            )
            for each in found
        ],
    )  # fmt: skip


def replay_(
    merchant_id: MerchantArgument,
    message_id: Annotated[int, typer.Argument(metavar="[MESSAGE]", help="One message, as `deliveries` gives it.")] = 0,
    failed_since: Annotated[
        datetime | None, typer.Option("--failed-since", help="All that nobody heard since.")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell again, under the same identity: one message, or all that nobody heard since a moment. 0: the owner's."""
    if not message_id and failed_since is None:
        raise NothingToReplay
    with entered(data) as house:
        since = (
            failed_since.replace(tzinfo=clock.ZONE) if failed_since and failed_since.tzinfo is None else failed_since
        )
        again = replay(
            house.connection,
            app_ids=listeners_of(house.connection, merchant_id=merchant_id) if merchant_id else [0],
            at=clock.read(house.connection).instant,
            message_id=message_id or None,
            failed_since=since,
        )
    say(as_json, {"replayed": again}, f"{again} messages are told again.")


def topics_(as_json: JsonOption = False) -> None:
    """What a merchant's endpoint can hear of."""
    say(as_json, list(MERCHANT_TOPICS), *MERCHANT_TOPICS)


def _known(connection: Connection[object], endpoint_id: int) -> EndpointView:
    found = next((each for each in endpoints_of(connection) if each.id == endpoint_id), None)
    if found is None:
        raise StoreRefusal(f"There is no endpoint {endpoint_id}.", "`florin webhook list` names them.")
    return found


def _granted(done: Added | Refusal) -> Added:
    if isinstance(done, Refusal):
        raise Refused(done)
    return done


def _say_secret(done: Added, as_json: bool, said: str) -> None:
    shown = f"whsec_{base64.b64encode(done.secret).decode()}"
    say(
        as_json,
        {"endpoint_id": str(done.endpoint_id), "secret": shown},
        said,
        f"  ENDPOINT        {done.endpoint_id}",
        f"  WEBHOOK_SECRET  {shown}",
        "The secret is shown this once: keep it now.",
    )
