"""Pages for what cannot be shown: no such page, a form too old, and a mistake of ours."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's one-time token does not fit this browser: it lay too long, or another site sent it."""
    return render(request, "form_expired.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "not_found.html", status=404)


def our_mistake(request: HttpRequest) -> HttpResponse:
    return render(request, "our_mistake.html", status=500)
