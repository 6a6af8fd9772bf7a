"""The entrance: how the street hands a shopper's browser to the pages, signed in. It is there in a demonstration alone.

The street writes a ticket (`tickets.py`): who, and where to, good for a minute and for one use. Only `florin.town.pages` has
this address; the pages that are served in earnest know nothing of tickets.
"""

from __future__ import annotations

import threading

from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from florin.town.tickets import read_ticket

_USED_MAX = 1_000

_used: dict[str, None] = {}
_turn = threading.Lock()


@require_safe
def enter(request: HttpRequest, ticket: str) -> HttpResponse:
    """Sign in by a ticket and go on; a ticket that is old, used or not ours leads nowhere."""
    told = read_ticket(ticket)
    if told is None or not _first_use(told["once"]):
        raise Http404
    user = User.objects.filter(username=told["logon"], shopper__isnull=False).first()
    if user is None:
        raise Http404
    login(request, user)
    return HttpResponseRedirect(told["to"])


def _first_use(once: str) -> bool:
    with _turn:
        if once in _used:
            return False
        _used[once] = None
        for old in list(_used)[:-_USED_MAX]:
            del _used[old]
        return True
