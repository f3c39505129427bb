"""Refusals: what the product says no to, in words a patient could read.

A refusal is a DomainError of one of four families. Only app/web/http.py knows that a
Conflict is HTTP 409. A bug is not a DomainError and is never shown to anybody.
"""

from collections.abc import Mapping, Sequence


class DomainError(Exception):
    """A refusal with a stable code and a sentence for people."""

    code = "refused"

    def __init__(
        self, message: str, *, code: str | None = None, errors: Mapping[str, Sequence[str]] = {}
    ) -> None:
        super().__init__(message)
        self.message = message
        self.errors = {field: list(sentences) for field, sentences in errors.items()}
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return self.message


class NotFound(DomainError):
    """It does not exist, or the actor must not learn that it does."""

    code = "not_found"

    def __init__(self, message: str = "This was not found.", *, code: str | None = None) -> None:
        super().__init__(message, code=code)


class Forbidden(DomainError):
    """The actor may know of it but may not do this."""

    code = "forbidden"

    def __init__(
        self, message: str = "You are not allowed to do this.", *, code: str | None = None
    ) -> None:
        super().__init__(message, code=code)


class NotSignedIn(DomainError):
    """Nobody is signed in, or not any more."""

    code = "not_signed_in"

    def __init__(self, message: str = "Please sign in first.", *, code: str | None = None) -> None:
        super().__init__(message, code=code)


class Conflict(DomainError):
    """Right in itself, but the state of the world stands against it."""

    code = "conflict"


class Invalid(DomainError):
    """Understood, but the values make no sense. `errors` names the fields."""

    code = "invalid"


class Malformed(Invalid):
    """Not understood at all: wrong types, broken syntax."""

    code = "malformed"


class TooMany(DomainError):
    """Too many tries in a short time."""

    code = "too_many"
