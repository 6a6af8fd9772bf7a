"""Who may see a page. A visitor without a session is sent to sign in, and nothing is asked of the database for him."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from florin.pages.models import MerchantUser, OperatorUser, Shopper
from florin.pages.people import merchant_user_of, operator_of, shopper_of

Arguments = ParamSpec("Arguments")


def for_shoppers(
    view: Callable[Concatenate[HttpRequest, Shopper, Arguments], HttpResponse],
) -> Callable[Concatenate[HttpRequest, Arguments], HttpResponse]:
    """A page of the signed-in shopper, who is handed to the view."""
    return _for(shopper_of, view)


def for_merchants(
    view: Callable[Concatenate[HttpRequest, MerchantUser, Arguments], HttpResponse],
) -> Callable[Concatenate[HttpRequest, Arguments], HttpResponse]:
    """A page of the signed-in merchant's."""
    return _for(merchant_user_of, view)


def for_operators(
    view: Callable[Concatenate[HttpRequest, OperatorUser, Arguments], HttpResponse],
) -> Callable[Concatenate[HttpRequest, Arguments], HttpResponse]:
    """A page of the console, for who works for the owner."""
    return _for(operator_of, view)


def _for(who: Callable[[HttpRequest], Any], view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        person = who(request)
        if person is not None:
            return view(request, person, *args, **kwargs)
        if request.path == "/" and merchant_user_of(request) is not None:
            return HttpResponseRedirect("/merchant")  # his own start
        if request.path == "/" and operator_of(request) is not None:
            return HttpResponseRedirect("/console")
        if request.user.is_authenticated:
            return render(request, "wrong_account.html", status=403)
        return redirect_to_login(request.get_full_path())

    return guarded
