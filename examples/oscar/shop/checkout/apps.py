from django.urls import path
from oscar.apps.checkout import apps


class CheckoutConfig(apps.CheckoutConfig):
    name = "shop.checkout"

    def get_urls(self):
        from shop.checkout import views

        own = [
            path("paid/", views.PaidView.as_view(), name="paid"),
            path("notify/", views.notify, name="notify"),
        ]
        return self.post_process_urls(own) + super().get_urls()
