"""Pages are drawn from our own HTML alone: nothing is fetched, and none takes for ever."""

import socket

import pytest

from app.infra import pdf
from app.infra.pdf import PdfFailed, pdf_of


def test_a_page_with_filipino_letters_becomes_a_pdf():
    assert pdf_of("<p>Peñaflor, Dela Cruz</p>").startswith(b"%PDF")


@pytest.mark.parametrize(
    "html",
    [
        '<img src="http://127.0.0.1:{port}/a.png">',
        '<img src="file:///etc/hostname"><img src="/etc/hostname">',
        '<link rel="stylesheet" href="http://127.0.0.1:{port}/a.css">',
        "<style>@import url(http://127.0.0.1:{port}/b.css);</style>",
        "<style>@font-face {{ font-family: X; src: url(http://127.0.0.1:{port}/x.ttf) }}</style>",
    ],
)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_nothing_that_a_page_names_is_fetched(html):
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.setblocking(False)
        port = door.getsockname()[1]

        drawn = pdf_of(f"<html><body>{html.format(port=port)}<p>text</p></body></html>")

        with pytest.raises(BlockingIOError):  # nobody knocked
            door.accept()
    assert drawn.startswith(b"%PDF")


def test_a_page_that_takes_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(pdf, "LONGEST_SECONDS", 0.01)
    rows = "<tr><td>cell</td><td>cell</td></tr>" * 2000

    with pytest.raises(PdfFailed):
        pdf_of(f"<table>{rows}</table>")
