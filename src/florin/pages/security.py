"""What the browser may do with a page: run and load our own files, send forms to us, and nothing else.

No nonce and no `unsafe-inline`: there is no inline script or style anywhere, so an injected one never runs. A shopper
goes back to the shop by a link, not by a form, so `form-action` stays with us too.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


class ContentSecurityPolicy:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        # What a page shows of somebody's money belongs in no cache, neither the browser's nor a proxy's.
        response.headers.setdefault("Cache-Control", "no-store")
        return response
