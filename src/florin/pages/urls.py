"""Every address of the pages."""

from __future__ import annotations

from django.urls import path

from florin.pages import assets, sign_in
from florin.pages.cashier import counter
from florin.pages.cashier import views as cashier
from florin.pages.console import finance
from florin.pages.console import views as console
from florin.pages.merchant import request_views as merchant_requests
from florin.pages.merchant import stores
from florin.pages.merchant import views as merchant
from florin.pages.merchant.calls import calls
from florin.pages.merchant.deliveries import told
from florin.pages.shopper import authorize_views, plan_views, request_views, withdraw_views
from florin.pages.shopper import views as shopper

urlpatterns = [
    path("", shopper.home),
    path("code", shopper.code),
    path("orders", shopper.orders),
    path("orders/<int:payment_id>", shopper.order),
    path("orders/<int:payment_id>/extend", request_views.extend),
    path("orders/<int:payment_id>/refund", request_views.refund),
    path("orders/<int:payment_id>/refund/files/<str:digest>", request_views.file),
    path("bill", shopper.bill),
    path("bill/<str:closes_on>", shopper.statement),
    path("plans", plan_views.plans),
    path("plans/<str:address>/convert", plan_views.convert),
    path("plans/<str:address>/payoff", plan_views.pay_off),
    path("autopay", plan_views.autopay),
    path("withdraw", withdraw_views.withdraw),
    path("oauth2/publicAppAuthorize.htm", authorize_views.authorize),
    path("why", shopper.why),
    path("pay/<int:trade_id>/<str:token>", cashier.pay),
    path("q/<int:trade_id>/<str:token>.svg", cashier.code_image),
    path("q/<int:trade_id>/<str:token>", cashier.scanned),
    path("s/<int:terminal_id>/<str:token>", counter.counter),
    path("merchant", merchant.trades),
    path("merchant/stores", stores.stores),
    path("merchant/stores/<int:terminal_id>", stores.sheet),
    path("merchant/settlement", merchant.settlement),
    path("merchant/terms", merchant.terms),
    path("merchant/bills", merchant.bills),
    path("merchant/bills/<str:day>/<str:form>", merchant.bill),
    path("merchant/refusals", merchant.refusals),
    path("merchant/integration", merchant.integration),
    path("merchant/deliveries", told),
    path("merchant/calls", calls),
    path("merchant/requests", merchant_requests.requests),
    path("merchant/orders/<int:payment_id>", merchant_requests.order),
    path("merchant/orders/<int:payment_id>/files/<str:digest>", merchant_requests.file),
    path("merchant/signatures", merchant.signatures),
    path("merchant/signatures/<int:failure_id>", merchant.signature),
    path("console", console.acceptance),
    path("console/acceptance/<str:ecosystem>", console.change),
    path("console/history", console.history),
    path("console/refusals", console.refusals),
    path("console/safeguarding", finance.safeguarding),
    path("sign-in", sign_in.sign_in),
    path("sign-out", sign_in.sign_out),
    path("static/<str:version>/<str:name>", assets.serve),
]

handler404 = "florin.pages.errors.not_found"
handler500 = "florin.pages.errors.our_mistake"
