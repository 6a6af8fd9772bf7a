"""`florin keys`: the keys that clients show us and those that we sign with: list, make, rotate, take back, revoke."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from florin.app import wechatpay
from florin.app.house import DataOption, House, JsonOption, entered, group, say
from florin.store import StoreRefusal
from florin.wires import keys
from florin.wires.alipay.certificates import ROOT_WIRE
from florin.wires.keys import REMEMBER_S

app = group("Platform keys and API keys.")

AppOption = Annotated[int | None, typer.Option("--app", help="The app's number; else the wire's own, or the owner's.")]
KeyId = Annotated[int, typer.Argument(help="The key's number, from `florin keys list`.")]


class WireUnknown(StoreRefusal):
    def __init__(self, *, wire: str) -> None:
        super().__init__(
            f"There is no wire {wire} that signs with a platform key.",
            "Name alipay or wechatpay, or alipay-root for the certificates' root.",
        )


@app.command("list")
def list_(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Every key, revoked and retired ones too; never a secret."""
    with entered(data) as house:
        api_keys, platform_keys = keys.list_api_keys(house.connection), keys.list_platform_keys(house.connection)
    if as_json:
        say(as_json, _document(api_keys, platform_keys))
        return
    table = Table("API key", "scope", "app", "made", "revoked", box=None, pad_edge=False)
    for each in api_keys:
        revoked = f"{each.revoked_at:%Y-%m-%d}" if each.revoked_at else ""
        table.add_row(each.prefix, each.scope, str(each.app_id or ""), f"{each.created_at:%Y-%m-%d}", revoked)
    signing = Table("platform key", "wire", "app", "state", "public key", box=None, pad_edge=False)
    for key in platform_keys:
        signing.add_row(str(key.id), key.wire, str(key.app_id or ""), key.state, f"…{key.public_key[-24:]}")
    console = Console()
    console.print(table)
    console.print()
    console.print(signing)


@app.command()
def make(app_id: AppOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Make an API key: a merchant's with --app, else the owner's. Its text is shown this once."""
    with entered(data) as house:
        text = keys.create_api_key(house.connection, "owner" if app_id is None else "merchant", app_id)
    say(as_json, {"api_key": text, "app_id": None if app_id is None else str(app_id)}, text)


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="The key's first letters, at least four, or all of it.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Revoke one API key, in every process within seconds."""
    with entered(data) as house:
        revoked = keys.revoke_api_key(house.connection, key)
    whose = f"app {revoked.app_id}" if revoked.app_id else "the owner"
    document = {"prefix": revoked.prefix, "scope": revoked.scope, "taken_no_longer_than_s": REMEMBER_S}
    told = f"The key {revoked.prefix} of {whose} is revoked; no process takes it any more in {REMEMBER_S:g} seconds."
    say(as_json, document, told)


@app.command()
def rotate(
    wire: Annotated[str, typer.Argument(help="alipay, wechatpay; alipay-root: what certificates stand under.")],
    app_id: AppOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a new platform key that signs from now on; the former one stays valid until it is retired."""
    if wire not in ("alipay", wechatpay.WIRE, ROOT_WIRE):
        raise WireUnknown(wire=wire)
    with entered(data) as house:
        key = keys.rotate_platform_key(house.connection, wire, app_id, master=_master(house))
    document = {
        "id": key.id,
        "wire": wire,
        "app_id": None if app_id is None else str(app_id),
        "public_key": key.public_key,
    }
    lines = [f"Key {key.id} signs now. Its public half, for the shops:", key.public_key]
    if wire == wechatpay.WIRE and app_id is not None:
        names = wechatpay.names_of(key)
        document |= names
        lines.append(f"Shops know it by {names['serial_no']} (certificate) or {names['public_key_id']} (public key).")
    say(as_json, document, *lines)


@app.command()
def reinstate(key_id: KeyId, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Take a rotation back: the former key signs again."""
    with entered(data) as house:
        keys.reinstate_platform_key(house.connection, key_id)
    say(as_json, {"id": key_id, "state": "active"}, f"Key {key_id} signs again.")


@app.command()
def retire(key_id: KeyId, data: DataOption = None, as_json: JsonOption = False) -> None:
    """End a key that no longer signs."""
    with entered(data) as house:
        keys.retire_platform_key(house.connection, key_id)
    say(as_json, {"id": key_id, "state": "retired"}, f"Key {key_id} is retired.")


def _master(house: House) -> keys.MasterKey:
    """The master key of this house, which --data may have named."""
    return keys.load_master_key(house.store.folder.master_key)


def _document(api_keys: list[keys.ApiKey], platform_keys: list[keys.PlatformKey]) -> dict[str, Any]:
    return {
        "api_keys": [
            {
                "prefix": key.prefix, "scope": key.scope, "app_id": str(key.app_id) if key.app_id else None,
                "created_at": key.created_at, "revoked_at": key.revoked_at,
            }
            for key in api_keys
        ],
        "platform_keys": [
            {
                "id": key.id, "wire": key.wire, "app_id": str(key.app_id) if key.app_id else None, "state": key.state,
                "public_key": key.public_key,
            }
            for key in platform_keys
        ],
    }  # fmt: skip
