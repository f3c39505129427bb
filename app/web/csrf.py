"""CSRF protection on every unsafe request that a cookie can authorise (WEB-02)."""

from flask_wtf import CSRFProtect

csrf = CSRFProtect()
