"""Texts of messages from Jinja templates, without a request."""

from typing import Any

from flask import current_app

from app.infra.runtime import settings


def render(name: str, /, **params: Any) -> str:
    """The text of a template with the clinic's `settings`; .html is escaped, .txt is not."""
    template = current_app.jinja_env.get_template(name)
    return template.render(settings=settings(), **params).strip() + "\n"
