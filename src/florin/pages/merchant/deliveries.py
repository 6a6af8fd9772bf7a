"""What a merchant's systems were told: his endpoints, and each try, with what was answered."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from florin.events.refusals import Language
from florin.pages.access import for_merchants
from florin.pages.database import reading
from florin.pages.language import language_of
from florin.pages.merchant.views import page
from florin.pages.models import MerchantUser
from florin.pages.show import full_moment
from florin.pages.texts import text
from florin.queries.webhooks import DeliveryView, EndpointView, deliveries, endpoints_of, listeners_of


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointShown:
    """address, and in words what it hears."""

    address: str
    hears: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryShown:
    """heard: it was answered as it should be; will_come: the message is tried again, or was heard since. said: the answer's
    first bytes, or why there is none.
    """

    topic: str
    address: str
    heard: bool
    will_come: bool
    outcome: str
    when: str
    said: str


@for_merchants
@require_safe
def told(request: HttpRequest, user: MerchantUser) -> HttpResponse:
    connection, language = reading(), language_of(request)
    found = deliveries(connection, app_ids=listeners_of(connection, merchant_id=user.merchant_id))
    own = endpoints_of(connection, merchant_id=user.merchant_id)
    shown = {
        "endpoints": [_endpoint(each, language) for each in own],
        "tries": [_delivery(each, language) for each in found],
    }
    return page(request, user, "deliveries", **shown)


def _endpoint(view: EndpointView, language: Language) -> EndpointShown:
    topics = ", ".join(view.topics) or text(language, "deliveries.all")
    rotating = ""
    if view.old_until is not None:
        rotating = " · " + text(language, "deliveries.rotating", until=full_moment(view.old_until, language))
    return EndpointShown(address=view.url, hears=f"{topics}{rotating}")


def _delivery(view: DeliveryView, language: Language) -> DeliveryShown:
    key = (
        "heard"
        if view.heard
        else "given_up"
        if view.state == "given-up"
        else "later"
        if view.state == "waiting"
        else "not"
    )
    outcome = text(language, f"deliveries.{key}")
    status = f"{view.status} · " if view.status else ""
    number = text(language, "deliveries.try", number=view.attempt)
    return DeliveryShown(
        topic=view.topic,
        address=view.url,
        heard=view.heard,
        will_come=view.state != "given-up",
        outcome=outcome,
        when=f"{full_moment(view.attempted_at, language)} · {number} · {status}{view.latency_ms} ms",
        said="" if view.heard else view.answer,
    )
