"""`florin app`: a merchant's integrations: add one and print what its shop must set, list, change its keys, close, reopen."""

from __future__ import annotations

import base64
import secrets
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from psycopg import Connection

from florin.app import wechatpay
from florin.app.certificates import certificates_of, new_aes_key
from florin.app.doorplate import addresses_of
from florin.app.house import DataOption, House, JsonOption, Refused, entered, group, say, say_table
from florin.app.merchants import MerchantArgument, merchant_of
from florin.app.public_keys import make_key_pair, public_key_from
from florin.engine.addresses import refuse_url
from florin.engine.admin import (
    LIVE_KEYS,
    add_app,
    add_app_key,
    set_aes_key,
    set_app_provider,
    set_app_state,
    set_public_key_mode,
    take_app_id,
)
from florin.queries.directory import AppRow, app_by_id, apps
from florin.store import StoreRefusal
from florin.wires.keys import REMEMBER_S, NoSuchApp, create_api_key, ensure_platform_key, load_master_key
from florin.wires.wechatpay.sealing import new_apiv3_key

app = group("Apps: a merchant's integrations, one a shop and wire.")

AppArgument = Annotated[int, typer.Argument(metavar="APP", help="The app's number, from `florin app list`.")]
PublicKeyOption = Annotated[
    str | None,
    typer.Option("--public-key", metavar="FILE", help="The shop's RSA public key, PEM or base64; - is standard input."),
]
MakeKeyOption = Annotated[
    Path | None,
    typer.Option(
        "--make-key", metavar="FILE", help="Make a key pair for the shop; its private key goes to FILE, 0600."
    ),
]


class Wire(StrEnum):
    ALIPAY = "alipay"
    REST = "rest"
    WECHATPAY = "wechatpay"


class Market(StrEnum):
    DIRECT = "direct"
    ESCROW = "escrow"


class KeyGivenTwice(StoreRefusal):
    def __init__(self) -> None:
        super().__init__(
            "--public-key and --make-key say two things.", "Give the shop's own public key, or let a pair be made here."
        )


class KeyNotForRest(StoreRefusal):
    def __init__(self) -> None:
        super().__init__(
            "An app on the wire rest has no public key: its program shows an API key.",
            "Leave the key out here; `florin keys make --app APP` makes another API key.",
        )


class NotOnThisWire(StoreRefusal):
    def __init__(self, *, app_id: int, wire: str, wanted: str) -> None:
        super().__init__(
            f"App {app_id} is on the wire {wire}; this is for an app on the wire {wanted}.",
            "See `florin app list` for the app that you mean.",
        )


class KeyWanted(StoreRefusal):
    def __init__(self) -> None:
        super().__init__("No key was given.", "Give --public-key FILE, or --make-key FILE.")


class KeyWantedFirst(StoreRefusal):
    def __init__(self, *, app_id: int) -> None:
        super().__init__(
            f"App {app_id} has no public key, so there is nothing to certify.",
            f"Give it one: florin app key {app_id} --public-key FILE.",
        )


class CertificatesNotWritten(StoreRefusal):
    def __init__(self, *, folder: Path, reason: str) -> None:
        super().__init__(f"The certificates cannot be written to {folder}: {reason}.", "Name a folder that exists.")


@app.command()
def add(
    merchant: MerchantArgument,
    wire: Annotated[Wire, typer.Option("--wire", help="What the shop speaks.")],
    market: Annotated[
        Market, typer.Option("--market", help="direct: owed when paid. escrow: owed when receipt is confirmed.")
    ],
    name: Annotated[str, typer.Option("--name", help="Else the merchant's.")] = "",
    public_key: PublicKeyOption = None,
    make_key: MakeKeyOption = None,
    notify_url: Annotated[
        str, typer.Option("--notify-url", help="Where the shop is told of what happened: its webhook.")
    ] = "",
    allow_loopback: Annotated[
        bool,
        typer.Option("--allow-loopback", help="The shop is on this machine: its loopback addresses may be called."),
    ] = False,
    mall: Annotated[
        bool,
        typer.Option("--mall", help="It may ask for every seller of its merchant's market, in one checkout."),
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add an app, and print what its shop must set. An API key and a webhook secret are shown this once."""
    if notify_url and (refusal := refuse_url(notify_url)) is not None:
        raise Refused(refusal)
    if wire is Wire.REST and (public_key is not None or make_key is not None):
        raise KeyNotForRest
    with entered(data) as house:
        merchant_id, merchant_name = merchant_of(house.connection, merchant)
        keys = _keys(public_key, make_key, wire)
        webhook_secret = secrets.token_bytes(32) if wire is Wire.REST else None
        try:
            with house.connection.transaction():
                app_id = take_app_id(house.connection)
                add_app(
                    house.connection,
                    app_id=app_id,
                    merchant_id=merchant_id,
                    name=name or merchant_name,
                    wire=wire.value,
                    market=market.value,
                    public_keys=keys,
                    notify_url=notify_url,
                    webhook_secret=webhook_secret,
                    allow_loopback=allow_loopback,
                    mall=mall,
                )
                if webhook_secret is not None:
                    settings = _rest_settings(house, app_id, webhook_secret)
                elif wire is Wire.WECHATPAY:
                    settings = _wechatpay_settings(house, app_id, *keys)
                else:
                    settings = _alipay_settings(house, app_id)
        except BaseException:
            if make_key is not None:
                make_key.unlink(missing_ok=True)
            raise
    document = {
        "id": str(app_id), "merchant_id": str(merchant_id), "wire": wire.value, "market": market.value,
        "settings": settings, "private_key_file": str(make_key) if make_key is not None else None,
    }  # fmt: skip
    say(as_json, document, *_told(app_id, merchant_name, wire, market, settings, bool(keys), make_key))


@app.command("list")
def list_(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Every app, by merchant; never a secret."""
    with entered(data) as house:
        found = apps(house.connection)
    say_table(
        as_json,
        [_document(row) for row in found],
        ("app", "merchant", "name", "wire", "market", "state", "keys"),
        [(str(row.id), row.merchant, row.name, row.wire, row.market, row.state, _keys_told(row)) for row in found],
    )


@app.command()
def key(
    app_id: AppArgument,
    public_key: PublicKeyOption = None,
    make_key: MakeKeyOption = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="The new key alone lives from now on; else the former one lives on beside it."),
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take another public key of a shop that signs its calls, from its next call on. Two live at a time: the newest ones."""
    with entered(data) as house:
        row = _app(house.connection, app_id)
        if row.wire == Wire.REST.value:
            raise KeyNotForRest
        if public_key is None and make_key is None:
            raise KeyWanted
        keys = _keys(public_key, make_key, Wire(row.wire))
        live = add_app_key(house.connection, app_id, keys[0], live=1 if replace else LIVE_KEYS)
        assert live is not None, "an app is never deleted"
    ended = [each for each in row.public_keys if each not in live]
    document = {
        "id": str(app_id), "public_keys": live, "ended": ended,
        "private_key_file": str(make_key) if make_key is not None else None,
    }  # fmt: skip
    lines = [f"App {app_id} may sign with {' or '.join(map(_shortened, live))} from its next call on."]
    if row.wire == Wire.WECHATPAY.value:
        document["serial_no"] = wechatpay.serial_no(keys[0])
        lines.append(f"It names the new one by WECHAT_SERIAL_NO={document['serial_no']}")
    if ended:
        lines.append(f"No longer with {' or '.join(map(_shortened, ended))}.")
    if len(live) > 1:
        lines.append("When the shop signs with the new one, end the former: the same command with --replace.")
    if make_key is not None:
        lines.append(f"The private key, for the shop alone, is in {make_key}.")
    say(as_json, document, *lines)


@app.command()
def certificates(
    app_id: AppArgument,
    folder: Annotated[Path, typer.Option("--folder", metavar="DIR", help="Where the three files go; it must exist.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write what a shop in certificate mode needs: its certificate, ours, and the root. The same again for the same keys."""
    with entered(data) as house:
        row = _app_on(house.connection, app_id, Wire.ALIPAY)
        if not row.public_keys:
            raise KeyWantedFirst(app_id=app_id)
        made = certificates_of(
            house.connection,
            app_id=app_id,
            merchant=row.merchant,
            public_key=row.public_keys[0],
            master=load_master_key(house.store.folder.master_key),
        )
    files = {
        folder / f"appCertPublicKey_{app_id}.crt": made.app,
        folder / "alipayCertPublicKey_RSA2.crt": made.alipay,
        folder / "alipayRootCert.crt": made.root,
    }
    try:
        for path, text in files.items():
            path.write_text(text, encoding="ascii")
    except OSError as error:
        raise CertificatesNotWritten(folder=folder, reason=error.strerror or str(error)) from None
    told = [f"App {app_id} may sign in certificate mode. Its SDK is given:", *(f"  {path}" for path in files)]
    say(as_json, {"id": str(app_id), "files": [str(path) for path in files]}, *told)


@app.command("aes-key")
def aes_key(app_id: AppArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Make a key for encrypted content (encrypt_type=AES) in place of an earlier one. It is shown this once."""
    with entered(data) as house:
        _app_on(house.connection, app_id, Wire.ALIPAY)
        key = new_aes_key()
        set_aes_key(house.connection, app_id, key)
    text = base64.b64encode(key).decode()
    say(
        as_json,
        {"id": str(app_id), "aes_key": text},
        f"App {app_id} may encrypt its content from its next call on:",
        text,
    )


@app.command("apiv3-key")
def apiv3_key(app_id: AppArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Make an APIv3 key for a wechatpay shop in place of the earlier one. It is shown this once."""
    with entered(data) as house:
        _app_on(house.connection, app_id, Wire.WECHATPAY)
        key = new_apiv3_key()
        set_aes_key(house.connection, app_id, key.encode())
    says = f"What is sealed for app {app_id} opens with this key from its next call on:"
    say(as_json, {"id": str(app_id), "apiv3_key": key}, says, key)


@app.command("public-key-mode")
def public_key_mode(
    app_id: AppArgument,
    off: Annotated[bool, typer.Option("--off", help="Name our keys by their certificates again.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Name our keys to a wechatpay shop by WECHAT_PUBLIC_KEY_ID, though it asks for none in its calls."""
    with entered(data) as house:
        _app_on(house.connection, app_id, Wire.WECHATPAY)
        set_public_key_mode(house.connection, app_id, not off)
    by = "certificates" if off else "ids of their own"
    says = f"App {app_id} is told our keys by {by}, from its next call on."
    say(as_json, {"id": str(app_id), "public_key_mode": not off}, says)


@app.command()
def provider(
    app_id: AppArgument,
    by: Annotated[
        int,
        typer.Option("--by", metavar="APP", help="The service provider's app, which may call for this one; 0: none."),
    ],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a service provider call for a wechatpay shop (sp_mchid for sub_mchid), or nobody any more."""
    with entered(data) as house:
        row = _app_on(house.connection, app_id, Wire.WECHATPAY)
        other = _app_on(house.connection, by, Wire.WECHATPAY) if by else None
        set_app_provider(house.connection, app_id, by or None)
    who = "Nobody but the shop itself" if other is None else f"App {by} of {other.merchant}"
    says = f"{who} may call for app {app_id} of {row.merchant}, from the next call on."
    say(as_json, {"id": str(app_id), "provider_id": str(by) if by else None}, says)


@app.command()
def close(app_id: AppArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Refuse every call of this app; what it sold goes on, and `reopen` takes it back."""
    _set_state(app_id, "closed", "is closed", data, as_json)


@app.command()
def reopen(app_id: AppArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Let the app call again."""
    _set_state(app_id, "open", "is open", data, as_json)


def _set_state(app_id: int, state: Literal["open", "closed"], says: str, data: Path | None, as_json: bool) -> None:
    with entered(data) as house:
        row = _app(house.connection, app_id)
        set_app_state(house.connection, app_id, state)
    when = f"within {REMEMBER_S:g} seconds" if row.wire == Wire.REST.value else "from its next call on"
    say(as_json, {"id": str(app_id), "state": state}, f"App {app_id} of {row.merchant} {says}, {when}.")


def _app(connection: Connection[Any], app_id: int) -> AppRow:
    row = app_by_id(connection, app_id) if 0 < app_id < 2**63 else None
    if row is None:
        raise NoSuchApp(app_id=app_id)
    return row


def _app_on(connection: Connection[Any], app_id: int, wire: Wire) -> AppRow:
    """The app, if it is on this wire. Raises NoSuchApp, KeyNotForRest, NotOnThisWire."""
    row = _app(connection, app_id)
    if row.wire == Wire.REST.value:
        raise KeyNotForRest
    if row.wire != wire.value:
        raise NotOnThisWire(app_id=app_id, wire=row.wire, wanted=wire.value)
    return row


def _keys(public_key: str | None, make_key: Path | None, wire: Wire) -> tuple[str, ...]:
    """The shop's public key. One that is made is written in the form that SDKs of its wire take."""
    if public_key is not None and make_key is not None:
        raise KeyGivenTwice
    if make_key is not None:
        return (make_key_pair(make_key, "PKCS8" if wire is Wire.WECHATPAY else "PKCS1"),)
    return () if public_key is None else (public_key_from(public_key),)


def _alipay_settings(house: House, app_id: int) -> dict[str, str]:
    """What the shop's SDK is set to. The key that we sign with is this app's own, so its rotation concerns one shop."""
    master = load_master_key(house.store.folder.master_key)
    platform_key = ensure_platform_key(house.connection, Wire.ALIPAY.value, app_id, master=master)
    api_url, _ = addresses_of(house.store.folder)
    return {
        "APP_ID": str(app_id),
        "GATEWAY_URL": f"{api_url}/gateway.do",
        "ALIPAY_PUBLIC_KEY": platform_key.public_key,
    }


def _wechatpay_settings(house: House, app_id: int, public_key: str = "") -> dict[str, str]:
    """As `_alipay_settings`, with the key under which certificates and notifies are sealed."""
    key = new_apiv3_key()
    set_aes_key(house.connection, app_id, key.encode())
    api_url, _ = addresses_of(house.store.folder)
    return wechatpay.settings_of(
        house.connection,
        app_id,
        public_key=public_key,
        apiv3_key=key,
        api_url=api_url,
        master=load_master_key(house.store.folder.master_key),
    )


def _rest_settings(house: House, app_id: int, webhook_secret: bytes) -> dict[str, str]:
    api_url, _ = addresses_of(house.store.folder)
    return {
        "API_URL": api_url,
        "API_KEY": create_api_key(house.connection, "merchant", app_id),
        "WEBHOOK_SECRET": f"whsec_{base64.b64encode(webhook_secret).decode()}",
    }


def _told(
    app_id: int,
    merchant: str,
    wire: Wire,
    market: Market,
    settings: dict[str, str],
    has_key: bool,
    make_key: Path | None,
) -> list[str]:
    lines = [f"App {app_id} of {merchant}: wire {wire.value}, market {market.value}. The shop sets:", ""]
    lines += [f"{name}={value}" for name, value in settings.items()] + [""]
    if wire is Wire.REST:
        lines.append("The API key and the webhook secret are shown this once: keep them now.")
    if wire is Wire.WECHATPAY:
        lines.append("WECHAT_APIV3_KEY is shown this once: keep it now.")
    if make_key is not None:
        lines.append(f"Its private key, for the shop alone, is in {make_key}.")
    elif not has_key and wire is not Wire.REST:
        lines.append(f"It has no key yet and cannot call: florin app key {app_id} --public-key FILE")
    return lines


def _keys_told(row: AppRow) -> str:
    if row.wire == Wire.REST.value:
        return ", ".join(row.api_keys) or "no API key"
    return ", ".join(map(_shortened, row.public_keys)) or "no public key"


def _shortened(public_key: str) -> str:
    """The end of a key, by which people tell keys apart: all begin alike. The last letters are the exponent, alike too."""
    return f"…{public_key[-24:-8]}"


def _document(row: AppRow) -> dict[str, Any]:
    return {
        "id": str(row.id), "merchant_id": str(row.merchant_id), "merchant": row.merchant, "name": row.name,
        "wire": row.wire, "market": row.market, "state": row.state, "notify_url": row.notify_url,
        "public_keys": row.public_keys, "api_keys": row.api_keys,
    }  # fmt: skip
