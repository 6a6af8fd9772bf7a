"""What the gateway says of an order, written into the order: once, whoever hears it first, the notify or the way back."""

from decimal import Decimal

from django.conf import settings
from django.db import transaction
from oscar.core.loading import get_model

from shop.gateway import PAID_STATES

Order = get_model("order", "Order")
Source = get_model("payment", "Source")
SourceType = get_model("payment", "SourceType")


class WrongAmount(ValueError):
    """The gateway speaks of another amount than the order's: somebody looks at that, nobody ships."""


def await_payment(order):
    """The order waits for its money: remembered as a source that has allocated the total."""
    kind, _ = SourceType.objects.get_or_create(name="Florin", code="florin")
    source = Source(order=order, source_type=kind, currency=order.currency, amount_allocated=order.total_incl_tax)
    source.save()


@transaction.atomic
def hear(number, trade):
    """Bring the order to what the gateway says. Hearing it twice changes nothing. Returns the order.

    trade: trade_status, trade_no and total_amount as the gateway words them. Raises Order.DoesNotExist, WrongAmount.
    """
    order = Order.objects.select_for_update().get(number=number)
    if Decimal(trade["total_amount"]) != order.total_incl_tax:
        raise WrongAmount(f"order {number} is {order.total_incl_tax}, the gateway says {trade['total_amount']}")
    state, source = trade["trade_status"], order.sources.get()
    if state in PAID_STATES and order.status == settings.PENDING:
        source.debit(order.total_incl_tax, reference=trade["trade_no"], status=state)
        order.set_status(settings.PAID)
    elif state == "TRADE_CLOSED" and order.status == settings.PENDING:
        order.set_status(settings.CANCELED)
        for line in order.lines.all():
            line.stockrecord.cancel_allocation(line.quantity)
    elif state == "TRADE_CLOSED" and order.status == settings.PAID:
        source.refund(order.total_incl_tax, reference=trade["trade_no"], status=state)
        order.set_status(settings.REFUNDED)
    return order
