"""Reads pages as a browser without scripts does: links to follow, forms to send."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


@dataclass
class Form:
    """One form: where it goes, what it sends, what its buttons say."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    text: str = ""


class Page(HTMLParser):
    """One answer, taken apart."""

    def __init__(self, answer: TestResponse) -> None:
        super().__init__()
        self.status = answer.status_code
        self.path = answer.request.full_path.rstrip("?")
        self.html = answer.get_data(as_text=True)
        self.links: list[tuple[str, str]] = []
        self.forms: list[Form] = []
        self.by_id: dict[str, Form] = {}
        self._href: str | None = None
        self._form: Form | None = None
        self._area: str | None = None
        self._outside: tuple[Form, bool] | None = None
        self.words: list[str] = []
        self.feed(self.html)

    @property
    def text(self) -> str:
        """The page's words, with single blanks."""
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in values:
            self._href = values["href"]
            self.links.append((self._href, ""))
        elif tag == "form":
            self._form = Form(values.get("action") or self.path, values.get("method", "get"))
            self.forms.append(self._form)
            self.by_id[values.get("id", "")] = self._form
        elif tag == "input" and self._form and "name" in values:
            self._form.fields[values["name"]] = values.get("value", "")
        elif tag == "textarea" and self._form:
            self._area = values["name"]
            self._form.fields[self._area] = ""
        elif tag == "button" and values.get("form"):
            self._outside = (self.by_id[values["form"]], True)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._href = None
        elif tag == "form":
            self._form = None
        elif tag == "textarea":
            self._area = None
        elif tag == "button":
            self._outside = None

    def handle_data(self, data: str) -> None:
        if self._area and self._form:
            self._form.fields[self._area] += data.removeprefix("\n")
            return
        self.words.append(data)
        if self._href is not None:
            href, text = self.links[-1]
            self.links[-1] = (href, f"{text} {data}".strip())
        form = self._outside[0] if self._outside else self._form
        if form:
            form.text = " ".join(f"{form.text} {data}".split()).replace(" ,", ",")

    def link(self, text: str) -> str:
        """The address of the first link that says this."""
        return next(href for href, label in self.links if text in " ".join(label.split()))

    def form(self, text: str) -> Form:
        """The first form with a button that says this."""
        return next(form for form in self.forms if text in form.text)

    def says(self, text: str) -> bool:
        """Whether the page shows this."""
        return text in self.text


class Visitor:
    """Somebody with a browser in which scripts are off."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.page: Page | None = None

    def open(self, address: str) -> Page:
        """Go to an address, along its redirects."""
        self.page = Page(self.client.get(address, follow_redirects=True))
        return self.page

    def tap(self, text: str) -> Page:
        """Follow the link that says this."""
        assert self.page is not None
        return self.open(self.page.link(text))

    def send(self, text: str, **typed: str) -> Page:
        """Press the button that says this, with every hidden field that the page holds."""
        assert self.page is not None
        return self.post(self.page.form(text), **typed)

    def post(self, form: Form, **typed: str) -> Page:
        """Send a form, perhaps one of an earlier page."""
        assert form.method == "post"
        answer: Any = self.client.post(form.action, data=form.fields | typed, follow_redirects=True)
        self.page = Page(answer)
        return self.page
