"""The shelf: all teas on one page. Oscar's own catalogue page lists what a search server has indexed; three teas need none."""

from django.views.generic import ListView
from oscar.core.loading import get_model


class ShelfView(ListView):
    template_name = "shelf.html"
    context_object_name = "products"
    queryset = get_model("catalogue", "Product").objects.browsable().prefetch_related("stockrecords").order_by("id")
