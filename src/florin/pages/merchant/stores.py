"""A merchant's stores and the codes of their tills: on a page, and each on a sheet of its own for the printer."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from florin.events.refusals import Language
from florin.pages.access import for_merchants
from florin.pages.database import reading
from florin.pages.engine import get_engine
from florin.pages.hooks import counter_of_terminal
from florin.pages.language import language_of
from florin.pages.merchant.views import page
from florin.pages.models import MerchantUser
from florin.pages.qr import qr_svg
from florin.pages.texts import text
from florin.queries.stores import StoreRow, stores_of


@dataclass(frozen=True, slots=True, kw_only=True)
class TillShown:
    """sheet: where its code is ready to be printed; empty for one that is closed."""

    code: str
    app: str
    state: str
    sheet: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreShown:
    name: str
    number: str
    address: str
    state: str
    tills: tuple[TillShown, ...]


@for_merchants
@require_safe
def stores(request: HttpRequest, user: MerchantUser) -> HttpResponse:
    found = stores_of(reading(), merchant_id=user.merchant_id)
    return page(request, user, "stores", stores=[_shown(store, language_of(request)) for store in found])


@for_merchants
@require_safe
def sheet(request: HttpRequest, user: MerchantUser, terminal_id: int) -> HttpResponse:
    """One till's code, large, with the name of its store: to be printed and put on the counter."""
    terminal = get_engine().reference.terminals.get(terminal_id)
    if terminal is None or terminal.merchant_id != user.merchant_id or not terminal.is_open:
        raise Http404
    language = language_of(request)
    name = terminal.store_zh if language == "zh" and terminal.store_zh else terminal.store
    return page(request, user, "sheet", store=name, till=terminal.code, code=_code(terminal_id))


def _code(terminal_id: int) -> SafeString:
    return mark_safe(qr_svg(counter_of_terminal(terminal_id)))  # noqa: S308 - drawn here, from an address of ours


def _shown(store: StoreRow, language: Language) -> StoreShown:
    apps, is_open = get_engine().reference.apps, store.state == "open"
    closed = text(language, "stores.closed")
    return StoreShown(
        name=store.name_zh if language == "zh" and store.name_zh else store.name,
        number=store.code,
        address=store.address,
        state="" if is_open else closed,
        tills=tuple(
            TillShown(
                code=till.code,
                app=apps[till.app_id].name,
                state="" if is_open and till.state == "open" else closed,
                sheet=f"/merchant/stores/{till.id}" if is_open and till.state == "open" else "",
            )
            for till in store.terminals
        ),
    )
