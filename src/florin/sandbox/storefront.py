"""The shop of the story: starts `shop.py` with the Python that has a vendor's SDK, and speaks to it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from florin.sandbox.instance import Instance
from florin.sandbox.provision import AppWanted
from florin.store import StoreRefusal
from florin.wires.keys.forms import private_key_base64

ROOT = Path(__file__).parents[3]
_PROGRAM = Path(__file__).with_name("shop.py")


class NoSdkHere(StoreRefusal):
    def __init__(self, *, folder: Path) -> None:
        super().__init__(
            f"There is no vendor's SDK in {folder}, and the story is told with one.",
            "Run `make tour` or `make demo`, which install it, or `make sdks`.",
        )


class SdkRaised(RuntimeError):
    """The SDK did not take our answer; its own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sdk:
    """Which SDK the shop sells through. because: why not the official one; empty when it is."""

    name: str
    package: str
    program: Path
    because: str = ""


def choose_sdk(*, port_80: bool, reason: str = "") -> Sdk:
    """The official SDK where port 80 is to be had, else the one that takes any address. Raises NoSdkHere."""
    official = _program("alipay-official")
    if port_80 and os.access(official, os.X_OK):
        return Sdk(name="official", package="alipay-sdk-python", program=official)
    other = _program("alipay-fzlee")
    if not os.access(other, os.X_OK):
        raise NoSdkHere(folder=ROOT / ".venvs")
    because = "alipay-sdk-python is not installed" if port_80 else f"alipay-sdk-python takes no port but 80: {reason}"
    return Sdk(name="fzlee", package="python-alipay-sdk", program=other, because=because)


class Shop:
    """A running shop, as a context manager. storefronts: by name, the app that each sells through."""

    def __init__(self, sdk: Sdk, instance: Instance, storefronts: Mapping[str, AppWanted]) -> None:
        self.sdk = sdk
        self._settings = {name: _settings_of(sdk, instance, app) for name, app in storefronts.items()}

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [self.sdk.program, "-I", _PROGRAM, self.sdk.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "NO_PROXY": "*", "no_proxy": "*"},  # it speaks to this machine alone
        )
        self._send({"storefronts": self._settings})
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def call(self, storefront: str, method: str, **biz: Any) -> dict[str, Any]:
        """One call through the SDK, with its signature check. Raises SdkRaised."""
        answer: dict[str, Any] = self._do({"do": "call", "storefront": storefront, "method": method, "biz": biz})
        return answer

    def notifies(self) -> list[dict[str, Any]]:
        """What the shop has heard so far: `genuine`, by the SDK's own check, and the `form`."""
        heard: list[dict[str, Any]] = self._do({"do": "notifies"})
        return heard

    def _do(self, order: dict[str, Any]) -> Any:
        answered = self._send(order)
        if "error" in answered:
            raise SdkRaised(answered["error"])
        return answered["answer"]

    def _send(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SdkRaised("the shop ended")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _settings_of(sdk: Sdk, instance: Instance, app: AppWanted) -> dict[str, str]:
    address = instance.gateway_80 if sdk.name == "official" and instance.gateway_80 else instance.api_at[0]
    return {
        "gateway": f"{address.url}/gateway.do",
        "app_id": str(app.app_id),
        "app_private_key": private_key_base64(app.key),
        "platform_public_key": instance.provisioned.alipay_public_key,
    }


def _program(environment: str) -> Path:
    return ROOT / ".venvs" / environment / "bin" / "python"
