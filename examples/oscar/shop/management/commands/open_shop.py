"""`manage.py open_shop`: make the database, and put three teas into the window. Doing it twice changes nothing."""

from decimal import Decimal

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from oscar.apps.catalogue.categories import create_from_breadcrumbs
from oscar.core.loading import get_model

TEAS = (
    ("longjing", "Longjing, 250 g", "Pan-fired in spring, from the hills around West Lake.", "199.00"),
    ("tea-set", "Tea set for six", "Pot, pitcher and six cups of white porcelain.", "1280.00"),
    ("puer", "Pu'er cake, 2012", "Aged in Menghai; 357 g, pressed in stone.", "380.00"),
)


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args, **options):
        settings.DATA.mkdir(parents=True, exist_ok=True)
        call_command("migrate", run_syncdb=True, verbosity=0)
        get_model("sites", "Site").objects.get_or_create(
            id=settings.SITE_ID, defaults={"domain": "127.0.0.1", "name": "tea"}
        )
        Country = get_model("address", "Country")
        Country.objects.get_or_create(
            iso_3166_1_a2="CN",
            defaults={"name": "China", "printable_name": "China", "iso_3166_1_a3": "CHN", "is_shipping_country": True},
        )
        partner, _ = get_model("partner", "Partner").objects.get_or_create(code="house", defaults={"name": "The house"})
        kind, _ = get_model("catalogue", "ProductClass").objects.get_or_create(name="Tea", slug="tea")
        category = create_from_breadcrumbs("Tea")
        for sku, title, description, price in TEAS:
            tea, made = get_model("catalogue", "Product").objects.get_or_create(
                upc=sku, defaults={"title": title, "description": description, "product_class": kind}
            )
            if made:
                tea.categories.add(category)
                tea.stockrecords.create(
                    partner=partner, partner_sku=sku, price=Decimal(price), price_currency="CNY", num_in_stock=100
                )
        self.stdout.write(f"The shop has {len(TEAS)} teas.")
