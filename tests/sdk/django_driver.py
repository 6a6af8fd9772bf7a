"""Drives `django-alipay2` as its own README says: a provider in the database, its views, its client. JSON in, JSON out.

Run by the Python that has it. The gateway is a field of the provider's row; nothing else is changed.
"""

import contextlib
import json
import sys
import urllib.request
from urllib.parse import urlsplit

import django
from django.conf import settings

order = json.load(sys.stdin)
settings.configure(
    SECRET_KEY="test",
    USE_TZ=True,
    TIME_ZONE="Asia/Shanghai",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF="alipay.urls",
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "alipay"],
)
django.setup()

from alipay.alipay import FundQueryResult, RefundResult, TransferResult  # noqa: E402
from alipay.models import AlipayPayment, Provider  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402


def fetched(url, result):
    with urllib.request.urlopen(url) as answer:
        return vars(result.from_response_dict(json.load(answer)))


def run(provider, call):
    client = provider.get_client()
    if call["do"] == "redirect":
        AlipayPayment.objects.create(
            provider=provider,
            out_no=call["out_trade_no"],
            subject=call["subject"],
            body="",
            amount_total=call["total_amount"],
            must_pay_before=timezone.now(),
        )
        browser = Client(HTTP_HOST=urlsplit(call["notify_at"]).netloc)
        return browser.get(f"/redirect/{call['out_trade_no']}/").headers["Location"]
    if call["do"] == "notified":
        AlipayPayment.objects.create(
            provider=provider, out_no=call["form"]["out_trade_no"], subject="", body="", amount_total="1",
            must_pay_before=timezone.now(),
        )  # fmt: skip
        said = Client().post("/callback/", call["form"]).content.decode()
        return {"said": said, "status": AlipayPayment.objects.latest("id").status}
    if call["do"] == "refund":
        return fetched(client.create_refund_url(call["out_trade_no"], call["number"], call["amount"]), RefundResult)
    if call["do"] == "funds":
        return fetched(client.create_fund_query_url(call["pid"]), FundQueryResult)
    if call["do"] == "transfer":
        return fetched(client.create_transfer_url(call["number"], call["pid"], call["amount"], "bonus"), TransferResult)
    raise ValueError(call["do"])


def main():
    call_command("migrate", verbosity=0, run_syncdb=True)
    provider = Provider.objects.create(
        app_id=order["app_id"],
        private_key=order["app_private_key"],
        public_key=order["platform_public_key"],
        app_cert=order["app_cert"] or None,
        alipay_root_cert=order["alipay_root_cert"] or None,
        sign_type=order["sign_type"],
        seller_id="1",
        gateway=order["gateway"] + "?",
    )
    results = []
    for call in order["calls"]:
        try:
            results.append({"answer": run(provider, call)})
        except Exception as error:  # noqa: BLE001  what a shop would see is the result
            results.append({"error": f"{type(error).__name__}: {error}"})
    return results


with contextlib.redirect_stdout(sys.stderr):  # its migrations and views print
    answers = main()
json.dump(answers, sys.stdout)
