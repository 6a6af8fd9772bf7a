"""What a page answers while the database or the engine does not: 503, and never "failed" when nobody knows."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


class Outage:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(
            exception, DatabaseError | InterfaceError | psycopg.OperationalError | psycopg.InterfaceError
        ):
            return None
        response = render(request, "outage.html", status=503)
        response["Retry-After"] = "5"
        return response
