"""The names that the proxy answers for: the gateways that SDKs have written into them, and no others."""

from __future__ import annotations

from typing import Final

GATEWAY_HOSTS: Final = (
    "openapi.alipay.com",
    "openapi-sandbox.dl.alipaydev.com",
    "openapi.alipaydev.com",
    "openauth.alipay.com",
    "api.mch.weixin.qq.com",
    "api2.mch.weixin.qq.com",
)
TLS_PORT: Final = 443
