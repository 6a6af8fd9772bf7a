"""The pages' addresses, and one more: the street's entrance."""

from __future__ import annotations

from django.urls import path

from florin.pages import urls as pages
from florin.town.entrance import enter

urlpatterns = [path("enter/<str:ticket>", enter), *pages.urlpatterns]

handler404 = pages.handler404
handler500 = pages.handler500
