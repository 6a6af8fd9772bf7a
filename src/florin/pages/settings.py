"""Django's settings, from the environment.

    FLORIN_PAGES_URL    the database, as the role florin_pages; without it the embedded server of the data folder
    FLORIN_ENGINE_URL   the database, as the role florin_engine, for the engine of this process (see engine.py)
    FLORIN_PUBLIC_URL   the address that people's browsers use; https turns on secure cookies
    FLORIN_SECRET_KEY   signs sessions and forms; without it a key kept in the data folder (see secret.py)

Translations, static files and messages are our own small parts instead of Django's: see `texts/`, `assets.py`.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from florin.pages.secret import secret_key
from florin.store import PAGES, DataFolder, default_data_dir, django_database, dsn_of

PUBLIC_URL = os.environ.get("FLORIN_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
_public = urlsplit(PUBLIC_URL)
_host = _public.hostname or ""
_is_secure = _public.scheme == "https"

SECRET_KEY = secret_key()
DEBUG = False
ALLOWED_HOSTS = [f"[{_host}]" if ":" in _host else _host, "127.0.0.1", "localhost", "[::1]"]
ROOT_URLCONF = "florin.pages.urls"
WSGI_APPLICATION = "florin.pages.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False

INSTALLED_APPS = [
    "florin.schema",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "florin.pages",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "florin.pages.security.ContentSecurityPolicy",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "florin.pages.language.LanguageMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "florin.pages.outage.Outage",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "florin.pages.language.for_templates",
            ],
            "builtins": ["florin.pages.template_tags"],
        },
    }
]

# A connection for each request would cost more than all its queries; the pool lends one of a few.
DATABASES = {
    "default": django_database(
        os.environ.get("FLORIN_PAGES_URL") or dsn_of(DataFolder(default_data_dir()), role=PAGES),
        pool={"min_size": 0, "max_size": 8, "timeout": 5},
    )
}

# ── who is who ────────────────────────────────────────────────────────────────────────────────────────────────────
AUTHENTICATION_BACKENDS = ["florin.pages.people.PeopleBackend"]
PASSWORD_HASHERS = ["florin.pages.hasher.Argon2"]
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"

SESSION_COOKIE_NAME = "florin_session"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _is_secure
# Lax: a shop sends its customer here from its own site and she finds herself signed in; a form sent from there is not.
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "florin_form"
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]
CSRF_FAILURE_VIEW = "florin.pages.errors.form_expired"

# ── what a browser may do with us ─────────────────────────────────────────────────────────────────────────────────
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if _is_secure else 0
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024

# Files shown in disputes are kept here, under their digests; the pages ask a dispute before they show one.
EVIDENCE_FOLDER = default_data_dir() / "evidence"

# ── time and language ─────────────────────────────────────────────────────────────────────────────────────────────
USE_TZ = True
TIME_ZONE = "UTC"  # of this process; people read the house's zone, see show.py
USE_I18N = False
LANGUAGE_CODE = "en"
