"""The shape of our JSON endpoints: signed in by cookie with CSRF token, or by bearer token."""

import functools
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ParamSpec

from flask import Response, current_app, g, request
from flask_appbuilder.api import BaseApi
from flask_jwt_extended import decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from flask_login import current_user
from jwt.exceptions import PyJWTError

from app.kernel import clock
from app.kernel.errors import Invalid, Malformed, NotSignedIn
from app.web.csrf import csrf
from app.web.http import clinic_zone

P = ParamSpec("P")

SIGN_IN_AGAIN = "Your access token is not valid any more. Please sign in again."
MAXIMUM_PAGE = 10_000
MAXIMUM_PAGE_SIZE = 200


class ClinicApi(BaseApi):
    """Base of our endpoints: refusals leave as {"code", "message", "errors"?}."""

    csrf_exempt = True  # done per request in signed_in(): a bearer token needs none (WEB-02)
    allow_browser_login = True


def signed_in(endpoint: Callable[P, Response]) -> Callable[P, Response]:
    """Let only signed-in people in; cookies need a CSRF token on unsafe methods."""

    @functools.wraps(endpoint)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
        if request.headers.get("Authorization", "").startswith("Bearer "):
            _sign_in_by_token()
        elif current_user.is_authenticated:
            # Flask-WTF asks this only in its own hook, not in protect(); tests switch it off.
            if current_app.config["WTF_CSRF_ENABLED"]:
                csrf.protect()
        else:
            raise NotSignedIn()
        return endpoint(*args, **kwargs)

    return guarded


def _sign_in_by_token() -> None:
    """The token's account acts, whatever a cookie beside it says. Raises NotSignedIn."""
    token = request.headers["Authorization"].removeprefix("Bearer ").strip()
    try:
        claims = _claims(token, str(current_app.secret_key))
    except (JWTExtendedException, PyJWTError, ValueError) as error:
        raise NotSignedIn(SIGN_IN_AGAIN) from error
    is_over = claims["exp"] <= clock.now().timestamp()
    actor = current_app.extensions["appbuilder"].sm.actor_of_token(claims)
    if is_over or claims["type"] != "access" or actor is None:
        raise NotSignedIn(SIGN_IN_AGAIN)
    g.token_actor = actor


@functools.lru_cache(maxsize=1000)
def _claims(token: str, secret: str) -> dict[str, Any]:
    """What a token says, once its signature is checked; the caller looks at its age each time.

    Remembered because programs send the same token again and again and checking takes longer
    than finding a free time. `secret` is part of the question: another key, another answer.
    """
    claims: dict[str, Any] = decode_token(token)
    return claims


def json_body(allowed: Mapping[str, type | tuple[type, ...]]) -> dict[str, Any]:
    """The request's JSON object with known fields of the right types only (ACC-04).

    Raises Malformed for anything that is no JSON object or of a wrong type, Invalid for
    fields that nobody asked for.
    """
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Malformed("Please send a JSON object.")
    unknown = sorted(set(body) - set(allowed))
    if unknown:
        raise Invalid(
            "The request has fields that are not known here.",
            errors={name: ["This field is not known."] for name in unknown},
        )
    for name, value in body.items():
        _check_type(name, value, allowed[name])
    return body


def _check_type(name: str, value: Any, kinds: type | tuple[type, ...]) -> None:
    # bool is an int to Python, but never to a caller.
    is_wrong = not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool)
    if value is not None and is_wrong:
        raise Malformed("A field has the wrong type.", errors={name: ["This has the wrong type."]})
    if isinstance(value, str) and "\x00" in value:
        raise Malformed("Text must not hold NUL.", errors={name: ["This holds a NUL character."]})


def known_arguments(*allowed: str) -> None:
    """Raises Invalid when the query string names something else."""
    unknown = sorted(set(request.args) - set(allowed))
    if unknown:
        raise Invalid(
            "The address has parameters that are not known here.",
            errors={name: ["This parameter is not known."] for name in unknown},
        )


def page_arguments() -> tuple[int, int]:
    """`page` from 1 and `page_size` up to 200. Raises Malformed for anything else."""
    return (
        _number("page", 1, MAXIMUM_PAGE),
        _number("page_size", 25, MAXIMUM_PAGE_SIZE),
    )


def _number(name: str, default: int, highest: int) -> int:
    text = request.args.get(name, str(default))
    is_number = text.isascii() and text.isdigit() and len(text) < 10
    if not (is_number and 1 <= int(text) <= highest):
        sentence = f"This must be a whole number from 1 to {highest}."
        raise Malformed(f"{name}: {sentence}", errors={name: [sentence]})
    return int(text)


def instant(name: str, text: object) -> datetime:
    """An ISO 8601 instant with offset; without one it is the clinic's wall time.

    Raises Malformed for anything else.
    """
    sentence = "This must be a date and time such as 2026-11-24T09:00:00+08:00."
    if not isinstance(text, str) or len(text) > 40:
        raise Malformed(sentence, errors={name: [sentence]})
    try:
        # A "+" in a query string arrives as a space.
        value = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text)
        return value if value.tzinfo else value.replace(tzinfo=clinic_zone())
    except ValueError as error:
        raise Malformed(sentence, errors={name: [sentence]}) from error
