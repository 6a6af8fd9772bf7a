"""How each wire words what the outbox delivers, and the keys that sign it."""

from __future__ import annotations

from collections.abc import Mapping

from florin.engine.outbox import Renderer
from florin.queries import ReadPool
from florin.wires.alipay.apps import Apps
from florin.wires.alipay.renderer import AlipayRenderer
from florin.wires.keys import SigningKeys, load_master_key


def make_renderers(reads: ReadPool) -> Mapping[str, Renderer]:
    """By wire. reads: of the engine's role, for the keys that sign."""
    return {"alipay": AlipayRenderer(make_apps(reads))}


def make_apps(reads: ReadPool) -> Apps:
    """The apps of the Alipay wire, with the keys that we sign with for them."""
    return Apps(reads, SigningKeys(reads.connection, load_master_key()))
