"""Turns Settings into the keys that Flask and its extensions read."""

from datetime import timedelta
from typing import Any

from config.settings import Environment, Settings

# scrypt with N=2^16 costs about 175 ms here (stack.md, section 3); tests use a cheap one.
SLOW_HASH = "scrypt:65536:8:1"
CHEAP_HASH = "pbkdf2:sha256:1"


def flask_config(settings: Settings) -> dict[str, Any]:
    """Every Flask, FAB, SQLAlchemy, mail and limiter key, in one place."""
    testing = settings.environment is Environment.TESTING
    return {
        "SETTINGS": settings,
        "SECRET_KEY": settings.secret_key,
        "DEBUG": settings.debug,
        "TESTING": testing,
        "MAX_CONTENT_LENGTH": 32 * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 4 * 1024 * 1024,
        "PREFERRED_URL_SCHEME": settings.public_url.split(":", 1)[0],
        **_sessions(settings),
        **_database(settings),
        **_appbuilder(testing),
        **_mail(settings),
        **_institution(settings),
    }


def _sessions(settings: Settings) -> dict[str, Any]:
    """AUT-05: host-only, secure under TLS, never readable by scripts."""
    secure = settings.public_url.startswith("https:")
    return {
        "SESSION_COOKIE_NAME": "__Host-session" if secure else "session",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=settings.session_hours),
        "JWT_ACCESS_TOKEN_EXPIRES": timedelta(minutes=30),
        "WTF_CSRF_TIME_LIMIT": settings.session_hours * 3600,
    }


def _database(settings: Settings) -> dict[str, Any]:
    return {
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "pool_size": settings.database_pool_size,
            "max_overflow": settings.database_pool_size,
            "pool_timeout": 5,
            # A failing statement must never print patients' values into a log (INP-01).
            "hide_parameters": True,
            "connect_args": {
                "connect_timeout": 3,
                "application_name": "uscpis",
                "options": "-c timezone=UTC -c statement_timeout=20000 -c lock_timeout=5000"
                " -c idle_in_transaction_session_timeout=60000",
            },
        },
    }


def _appbuilder(testing: bool) -> dict[str, Any]:
    """FAB never touches the database at start-up; `flask clinic deploy` does (stack.md, 2)."""
    return {
        "APP_THEME": "",
        "FAB_BASE_TEMPLATE": "clinic/base.html",
        "FAB_CREATE_DB": False,
        "FAB_UPDATE_PERMS": False,
        "FAB_ADD_SECURITY_API": False,
        "FAB_ADD_SECURITY_PERMISSION_VIEW": False,
        "FAB_ADD_SECURITY_VIEW_MENU_VIEW": False,
        "FAB_ADD_SECURITY_PERMISSION_VIEWS_VIEW": False,
        "FAB_API_SWAGGER_UI": True,
        "FAB_API_MAX_PAGE_SIZE": 200,
        "FAB_PASSWORD_HASH_METHOD": CHEAP_HASH if testing else SLOW_HASH,
        "AUTH_ROLE_ADMIN": "Admin",
        "AUTH_ROLE_PUBLIC": "Public",
        # Our own throttle counts failures in the database and survives a lost Redis (AUT-03).
        "AUTH_RATE_LIMITED": False,
        "RATELIMIT_ENABLED": False,
        "BABEL_DEFAULT_LOCALE": "en",
        "LANGUAGES": {"en": {"flag": "ph", "name": "English"}},
    }


def _mail(settings: Settings) -> dict[str, Any]:
    return {
        "MAIL_SERVER": settings.mail_server or "localhost",
        "MAIL_PORT": settings.mail_port,
        "MAIL_USERNAME": settings.mail_username or None,
        "MAIL_PASSWORD": settings.mail_password or None,
        "MAIL_USE_TLS": settings.mail_use_tls,
        "MAIL_USE_SSL": settings.mail_use_ssl,
        "MAIL_DEFAULT_SENDER": (settings.clinic_name, settings.mail_sender),
        "MAIL_SUPPRESS_SEND": False,
    }


def _institution(settings: Settings) -> dict[str, Any]:
    return {
        "APP_NAME": f"{settings.institution_short_name} {settings.clinic_name}",
        "INSTITUTION_NAME": settings.institution_name,
        "INSTITUTION_SHORT_NAME": settings.institution_short_name,
        "CLINIC_NAME": settings.clinic_name,
        "CLINIC_PHONE": settings.clinic_phone,
        "CLINIC_ADDRESS": settings.clinic_address,
        "BRAND_COLOUR": settings.brand_colour,
        "ACCENT_COLOUR": settings.accent_colour,
        "BABEL_DEFAULT_TIMEZONE": settings.time_zone.key,
    }
