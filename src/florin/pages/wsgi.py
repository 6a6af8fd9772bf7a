"""The WSGI application that the server serves: `granian --interface wsgi florin.pages.wsgi:application`."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from florin.pages.secret import keep_secret_key

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "florin.pages.settings")
keep_secret_key()
application = get_wsgi_application()
