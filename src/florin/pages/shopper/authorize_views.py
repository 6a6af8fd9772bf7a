"""The authorize page: a shop asks a shopper to let it know who she is.

Where the browser is sent afterwards must be the app's own: at the origin of its notify address, or, for an app that may be told
on loopback, on this machine. Anything else would hand her code to whoever wrote the link.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from florin.pages.access import for_shoppers
from florin.pages.engine import get_engine
from florin.pages.language import language_of
from florin.pages.models import Shopper
from florin.pages.security import POLICY
from florin.payments.merchant import App

SCOPES: Final = ("auth_base", "auth_user")
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Asked:
    app: App
    scopes: tuple[str, ...]
    redirect_uri: str
    state: str

    def back(self, code: str) -> str:
        """The app's address with her code behind it."""
        parts = urlsplit(self.redirect_uri)
        told = {"app_id": str(self.app.id), "scope": ",".join(self.scopes), "auth_code": code}
        query = urlencode({**told, **({"state": self.state} if self.state else {})})
        return urlunsplit(parts._replace(query=f"{parts.query}&{query}" if parts.query else query))


@for_shoppers
@require_http_methods(["GET", "HEAD", "POST"])
def authorize(request: HttpRequest, shopper: Shopper) -> HttpResponse:
    """`auth_base`, who she is by number alone, is answered at once; `auth_user` when she says yes."""
    asked = _asked(request)
    if asked is None:
        return render(request, "shopper/authorize_refused.html", status=400)
    if request.method == "POST" or asked.scopes == ("auth_base",):
        code = get_engine().issue_oauth_code(app_id=asked.app.id, person_id=shopper.person_id, scopes=asked.scopes)
        return HttpResponseRedirect(asked.back(code))
    merchant = get_engine().reference.merchants[asked.app.merchant_id]
    shop = merchant.name_zh if language_of(request) == "zh" and merchant.name_zh else merchant.name
    answer = render(request, "shopper/authorize.html", {"shop": shop, "app_name": asked.app.name})
    # The form answers with a way to the shop, which a browser follows only where the page says so.
    origin = _origin(asked.redirect_uri)
    answer.headers["Content-Security-Policy"] = POLICY.replace("form-action 'self'", f"form-action 'self' {origin}")
    return answer


def _asked(request: HttpRequest) -> Asked | None:
    """What the link asks for; None for one that is not the app's own."""
    number, url = request.GET.get("app_id", ""), request.GET.get("redirect_uri", "")
    scopes = tuple(name for name in request.GET.get("scope", "").split(",") if name)
    state = request.GET.get("state", "")
    is_number = number.isascii() and number.isdigit() and len(number) < 19
    app = get_engine().reference.apps.get(int(number)) if is_number else None
    if app is None or app.wire != "alipay" or app.state != "open":
        return None
    if not scopes or not set(scopes) <= set(SCOPES) or len(state) > 100 or not is_its_own(app, url):
        return None
    return Asked(app, scopes, url, state)


def is_its_own(app: App, url: str) -> bool:
    """Whether the app may have a browser sent there."""
    origin = _origin(url)
    if not origin or len(url) > 400 or not url.isprintable() or any(each in url for each in " \\;,'\""):
        return False
    if app.allow_loopback and urlsplit(url).hostname in _LOOPBACK:
        return True
    return origin == _origin(app.notify_url)


def _origin(url: str) -> str:
    """`https://shop.test:8443`; empty for what is no http or https address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")
