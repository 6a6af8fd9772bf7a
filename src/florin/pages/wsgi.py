"""The WSGI application that the server serves: `granian --interface wsgi florin.pages.wsgi:application`."""

from __future__ import annotations

import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application

from florin.pages.secret import keep_secret_key
from florin.structs import prepare_structs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "florin.pages.settings")
keep_secret_key()
application = get_wsgi_application()
import_module("florin.pages.urls")  # with all views, and so with all records that the threads of pages read
prepare_structs()
