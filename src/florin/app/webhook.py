"""`florin webhook`: merchants' endpoints (`webhook_endpoints.py`), and the one address of the owner's own systems."""

from __future__ import annotations

import base64
import secrets
from typing import Annotated

import typer

from florin.app import webhook_endpoints
from florin.app.house import DataOption, JsonOption, Refused, entered, group, say
from florin.engine.addresses import refuse_url
from florin.engine.admin import remove_owner_endpoint, set_owner_endpoint
from florin.engine.listeners import OWNER_TOPICS
from florin.queries.webhooks import owner_webhook
from florin.store import StoreRefusal

app = group("Who is told what happens: your own systems (set, show, remove), merchants' endpoints, and each delivery.")
webhook_endpoints.register(app)


class NobodyListens(StoreRefusal):
    def __init__(self) -> None:
        super().__init__("No address is set.", "Set one with `florin webhook set URL`.")


@app.command("set")
def set_(
    url: Annotated[str, typer.Argument(help="Where your systems listen.")],
    allow_loopback: Annotated[
        bool, typer.Option("--allow-loopback", help="It is on this machine: its loopback addresses may be called.")
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set the address, in place of an earlier one, and print the secret that messages are signed with, this once."""
    if (refusal := refuse_url(url)) is not None:
        raise Refused(refusal)
    secret = secrets.token_bytes(32)
    with entered(data) as house:
        set_owner_endpoint(house.connection, url=url, secret=secret, allow_loopback=allow_loopback)
    shown = f"whsec_{base64.b64encode(secret).decode()}"
    say(
        as_json,
        {"url": url, "secret": shown},
        f"{url} is told what happens to lines and campaigns from now on.",
        f"  WEBHOOK_SECRET  {shown}",
        "The secret is shown this once: keep it now.",
    )


@app.command()
def show(data: DataOption = None, as_json: JsonOption = False) -> None:
    """The address, and what is told there; never the secret."""
    with entered(data) as house:
        found = owner_webhook(house.connection)
    topics = sorted(set(OWNER_TOPICS.values()))
    url = found.url if found is not None else None
    say(as_json, {"url": url, "topics": topics}, url or "No address is set.", *(f"  {topic}" for topic in topics))


@app.command()
def remove(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Nobody is told any more. Messages that wait still go to the old address."""
    with entered(data) as house:
        url = remove_owner_endpoint(house.connection)
    if url is None:
        raise NobodyListens
    say(as_json, {"removed": url}, f"{url} is told nothing new any more.")
