"""The tour: the story told on a fresh instance, in the terminal or as its figures alone; then it ends."""

from __future__ import annotations

import json
from contextlib import ExitStack, nullcontext

from rich.console import Console

from florin.app.listening import Address
from florin.sandbox.instance import Instance
from florin.sandbox.storefront import Shop, choose_sdk
from florin.sandbox.story import STOREFRONTS, WANTED, Story
from florin.sandbox.teller import SilentTeller, Teller


def tell_tour(*, api_port: int, as_json: bool) -> None:
    """Tell the story. as_json: its figures as one JSON document on standard output, and nothing else there."""
    console = Console(highlight=False, stderr=as_json)
    starting = nullcontext() if as_json else console.status("Starting a PostgreSQL and a Florin of their own …")
    with ExitStack() as stack:
        with starting:
            api, pages = Address("127.0.0.1", api_port), Address("127.0.0.1", 0)
            instance = stack.enter_context(Instance(WANTED, api=api, pages=pages, with_pages=False))
        sdk = choose_sdk(port_80=instance.gateway_80 is not None, reason=instance.gateway_80_missing)
        shop = stack.enter_context(Shop(sdk, instance, STOREFRONTS))
        story = Story(instance, shop, SilentTeller() if as_json else Teller(console))
        story.run()
        if as_json:
            print(json.dumps(_document(story, sdk.package), ensure_ascii=False))


def _document(story: Story, package: str) -> dict[str, object]:
    figures = [{"on": str(figure.on), "what": figure.what, "value": figure.value} for figure in story.figures]
    return {"sdk": package, "figures": figures}
