"""What a shopper reads when her shop's page call is refused: that nothing was charged, and what she can do.

The call came from her browser, so she is the one who sees it; what the shop's developer needs stands below, in the
protocol's words. One page without a file beside it, since this process serves none: its style is in it, and the policy
allows that style by its hash and nothing else. Nothing of an unverified request leads anywhere from here.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from typing import Final, Literal

from florin.wires.alipay.answers import Problem

Language = Literal["en", "zh"]

_STYLE: Final = """
:root{color-scheme:light dark;--paper:#f5f2ea;--card:#fffefb;--ink:#171d2b;--soft:#59617a;--line:#e6e0d2;--gold:#9a6a0c;
--deep:#14264a;--deep-far:#0b1731}
@media (prefers-color-scheme:dark){:root{--paper:#0e121b;--card:#171d2a;--ink:#eef0f5;--soft:#a5aec3;--line:#2a3346;
--gold:#e5b959;--deep:#182a50;--deep-far:#0c1630}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;grid-template-rows:auto 1fr;background:var(--paper);color:var(--ink);
font:400 1rem/1.55 -apple-system,BlinkMacSystemFont,"Segoe UI",Roboto,"PingFang SC","HarmonyOS Sans SC","Microsoft YaHei",
"Noto Sans SC","Noto Sans CJK SC",system-ui,sans-serif;overflow-wrap:anywhere}
header{padding:1.1rem 1.25rem 4.5rem;background:radial-gradient(120% 140% at 85% 0%,#2a4985 0%,var(--deep) 50%,
var(--deep-far) 100%);color:#fdfaf2;font-weight:700}
main{width:min(100% - 2rem,34rem);margin:-2.75rem auto 2rem;align-self:start;padding:2rem 1.5rem;background:var(--card);
border:1px solid var(--line);border-radius:16px;box-shadow:0 8px 28px rgb(23 29 43/9%)}
.seal{display:grid;place-items:center;width:3.5rem;height:3.5rem;margin:0 auto 1rem;border-radius:50%;background:var(--line);
color:var(--soft);font-size:1.75rem;font-weight:700;line-height:1}
h1{margin:0 0 .5rem;font-size:1.375rem;line-height:1.3;text-align:center}
.lead{margin:0;color:var(--soft);text-align:center}
h2{margin:2rem 0 .5rem;padding-top:1.25rem;border-top:1px solid var(--line);font-size:.875rem;color:var(--gold)}
code{display:block;font-weight:650;font-size:.875rem}
pre{margin:.35rem 0 0;white-space:pre-wrap;font:inherit;font-size:.875rem;color:var(--soft)}
"""
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode("ascii")
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_PAGE: Final = """<!doctype html>
<html lang="{tag}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>{title}</title><style>{style}</style></head>
<body><header>{brand}</header><main><div class="seal" aria-hidden="true">!</div><h1>{title}</h1>
<p class="lead">{lead}</p><h2>{for_shop}</h2><code>{sub_code}</code><pre>{sub_msg}</pre></main></body></html>
"""
_FRAME: Final[dict[Language, dict[str, str]]] = {
    "en": {"tag": "en", "brand": "Florin", "for_shop": "For the shop"},
    "zh": {"tag": "zh-CN", "brand": "弗罗林", "for_shop": "给商家的信息"},
}
# (title, what happened and what to do)
_ANY: Final[dict[Language, tuple[str, str]]] = {
    "en": (
        "The payment page cannot be opened",
        "You have not been charged. Go back to the shop and try again; if it happens again, show the shop what stands below.",
    ),
    "zh": ("无法打开付款页面", "没有扣款。请返回商家页面重试；如果仍打不开，请把下面的信息告诉商家。"),
}
_KNOWN: Final[dict[str, dict[Language, tuple[str, str]]]] = {
    "ACQ.TRADE_HAS_SUCCESS": {
        "en": ("This order is paid already", "You need not pay it again. Go back to the shop to see your order."),
        "zh": ("该订单已付款", "无需再次付款，请返回商家页面查看订单。"),
    },
    "ACQ.TRADE_HAS_CLOSE": {
        "en": (
            "This order is closed",
            "It can no longer be paid, and opening it charged you nothing. Go back to the shop and order again.",
        ),
        "zh": ("该订单已关闭", "该订单不能再付款，本次没有扣款。请返回商家页面重新下单。"),
    },
}


def refused_page(problem: Problem, language: Language) -> bytes:
    """The page, to be sent with POLICY."""
    title, lead = _KNOWN.get(problem.sub_code, _ANY)[language]
    text = _PAGE.format(
        style=_STYLE,
        title=title,
        lead=lead,
        sub_code=html.escape(problem.sub_code),
        sub_msg=html.escape(problem.sub_msg),
        **_FRAME[language],
    )
    return text.encode("utf-8", "replace")


def language_of(accept_language: str, cookies: str) -> Language:
    """The language that she chose on our pages, if the browser says; else the one it prefers; English when it says nothing."""
    if chosen := _CHOSEN.search(cookies):
        return "zh" if chosen[1] == "zh" else "en"
    wanted: list[tuple[float, int, Language]] = []
    for place, part in enumerate(accept_language.lower().split(",")[:20]):
        name, _, quality = part.partition(";q=")
        primary = name.strip().split("-")[0]
        weight = float(quality) if _QUALITY.fullmatch(quality.strip()) else 1.0
        if primary in ("en", "zh") and weight > 0:
            wanted.append((-weight, place, "zh" if primary == "zh" else "en"))
    return min(wanted)[2] if wanted else "en"


_CHOSEN: Final = re.compile(r"(?:^|;\s*)florin_language=(zh|en)(?:;|$)")
_QUALITY: Final = re.compile(r"[01](?:\.[0-9]{0,3})?")
