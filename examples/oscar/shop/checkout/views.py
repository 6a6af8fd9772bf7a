"""The steps that differ from Oscar's: no page of payment details, and a way to the cashier and back."""

import logging

from alipay.exceptions import AliPayException
from django.conf import settings
from django.http import HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django.views.generic import TemplateView
from oscar.apps.checkout import views

from shop import gateway, payments

log = logging.getLogger("shop.checkout")


class PaymentMethodView(views.PaymentMethodView):
    """There is one method, and its details are asked by the cashier."""

    def get_success_response(self):
        return redirect("checkout:preview")


class PaymentDetailsView(views.PaymentDetailsView):
    def handle_successful_order(self, order):
        """The order is written and waits; its shopper goes on to the cashier."""
        super().handle_successful_order(order)
        payments.await_payment(order)
        return HttpResponseRedirect(way_to_cashier(self.request, order))


class PaidView(TemplateView):
    """The shopper is back. Her browser's word counts for nothing: what counts is what the gateway answers."""

    template_name = "oscar/checkout/not_paid.html"

    def get(self, request, *args, **kwargs):
        if not gateway.is_genuine(request.GET.dict()):
            return HttpResponseBadRequest("This address was not made by the gateway.")
        order = get_object_or_404(payments.Order, number=request.GET["out_trade_no"])
        try:
            trade = gateway.trade_of(order.number)
            order = payments.hear(order.number, trade) if trade else order
        except (AliPayException, OSError):
            log.warning("order %s: the gateway was not reached; its notify will tell", order.number)
        if order.status == settings.PAID:
            return redirect("checkout:thank-you")
        return self.render_to_response({"order": order, "cashier_url": way_to_cashier(request, order)})


@csrf_exempt
@require_POST
def notify(request):
    """The gateway tells. Anything but `success` makes it tell again."""
    message = request.POST.dict()
    if not gateway.is_genuine(message):
        return HttpResponseBadRequest("not signed by the gateway")
    if "trade_status" in message:
        payments.hear(message["out_trade_no"], message)
    return HttpResponse("success")


def way_to_cashier(request, order):
    return gateway.cashier_url(
        number=order.number,
        total=order.total_incl_tax,
        subject=f"{settings.OSCAR_SHOP_NAME}, order {order.number}",
        notify_url=request.build_absolute_uri(reverse("checkout:notify")),
        return_url=request.build_absolute_uri(reverse("checkout:paid")),
    )
