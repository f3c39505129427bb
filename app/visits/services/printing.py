"""Today's lists and blank numbered forms as one PDF, and the folder that keeps the latest two."""

import os
import tempfile
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import segno
from markupsafe import Markup, escape

from app.infra.db import transaction
from app.infra.pdf import PdfFailed, pdf_of
from app.infra.runtime import settings
from app.infra.templates import render
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.clock import local_date
from app.visits.errors.paper import PaperNotDrawn
from app.visits.permissions import Permission
from app.visits.queries import paper
from app.visits.queries.day_sheet import day_sheet, working_hours
from app.visits.rules.paper import is_paper_due, paper_text
from app.visits.services.paper import check_count, draw_numbers

FORMS = 30
KEPT = 2
SETS = "paper-*.pdf"
PLAIN = str.maketrans("ŁłĐđıŦŧĦħ", "LlDdiTtHh")  # Unicode knows no accent to take off these
ENCODING = "cp1252"  # what the fonts inside every PDF reader can draw


@dataclass(frozen=True, slots=True)
class Printed:
    """A PDF and the numbers on its forms in words; no numbers without forms."""

    content: bytes
    name: str
    numbers: str


@dataclass(frozen=True, slots=True)
class BlankForm:
    """One form: its number, and the same as a picture for a scanner."""

    number: str
    picture: str


def paper_folder() -> Path:
    """Where the sets for an outage lie: beside the database's data, never in a backup.

    They hold names of patients, so only the clinic's own account may read them, and two are
    kept: the latest, and the one before in case the latest was being written.
    """
    return settings().home / "paper"


def print_paper(
    actor: Actor,
    *,
    on_date: date | None = None,
    forms: int = FORMS,
    alerts: Sequence[str] = (),
    kind: str = "desk",
) -> Printed:
    """Draw numbers for the forms and print the day; each printing has numbers of its own.

    Raises Invalid for a wrong number of forms, PaperNotDrawn.
    """
    actor.require(Permission.PAPER_PRINT)
    now, zone = clock.now(), settings().time_zone
    wanted = on_date or local_date(now, zone)
    numbers = _numbers(actor, check_count(forms), kind, wanted)
    page = render(
        "visits/paper/day.html",
        sheet=day_sheet(wanted, now=now, zone=zone),
        forms=[_form(number) for number in numbers],
        alerts=alerts,
        draw=drawable,
    )
    words = f"{paper_text(numbers[0])} to {paper_text(numbers[-1])}" if numbers else ""
    try:
        return Printed(pdf_of(page), _name(wanted, now), words)
    except PdfFailed as error:
        raise PaperNotDrawn() from error


def _numbers(actor: Actor, count: int, kind: str, on_date: date) -> range:
    """They are kept before anything is drawn: a printing that breaks gives none back."""
    if not count:
        return range(0)
    with transaction() as tx:
        first = draw_numbers(tx, actor, kind=kind, count=count, for_date=on_date)
    return range(first, first + count)


def _form(number: int) -> BlankForm:
    text = paper_text(number)
    picture = segno.make(text, error="m", micro=False).png_data_uri(scale=3, border=2)
    return BlankForm(text, picture)


def _name(on_date: date, now: datetime) -> str:
    wall = now.astimezone(settings().time_zone)
    return f"paper-{on_date:%Y-%m-%d}-printed-{wall:%Y-%m-%d-%H%M%S}.pdf"


def drawable(text: str) -> Markup:
    """A name as the fonts of a PDF can draw it: nothing may turn into a black box.

    Chinese, Japanese and Korean letters get a font that every reader brings along; others that
    cannot be drawn lose their accents.
    """
    return Markup("").join(_letter(letter) for letter in text)


def _letter(letter: str) -> Markup:
    if _has(letter):
        return escape(letter)
    if unicodedata.east_asian_width(letter) in "WF":
        return Markup('<span style="font-family: STSong-Light">{}</span>').format(letter)
    plain = "".join(
        one for one in unicodedata.normalize("NFKD", letter.translate(PLAIN)) if _has(one)
    )
    return escape(plain or "?")


def _has(letter: str) -> bool:
    try:
        letter.encode(ENCODING)
    except UnicodeEncodeError:
        return False
    return True


def store_paper(actor: Actor, *, alerts: Sequence[str] = (), force: bool = False) -> Path | None:
    """Put a fresh set into the folder when one is due; None when it is not.

    So there is something to print when the database is gone. Each set has numbers of its own:
    whichever of them is printed, no number is on paper twice.
    """
    actor.require(Permission.PAPER_PRINT)
    wall = clock.now().astimezone(settings().time_zone)
    # A machine whose folder is empty needs a set, whatever another machine has made.
    last = paper.last_standby_at() if any(paper_folder().glob(SETS)) else None
    if not force and not is_paper_due(wall, working_hours(wall.date()), last):
        return None
    printed = print_paper(actor, alerts=alerts, kind="standby")
    file = keep_file(paper_folder(), printed)
    _forget_older(file)
    return file


def keep_file(folder: Path, printed: Printed) -> Path:
    """Write the PDF for its owner's eyes only: all of it or nothing."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(printed.content)
            stream.flush()
            os.fsync(stream.fileno())
        return Path(name).replace(folder / printed.name)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _forget_older(latest: Path) -> None:
    """Keep the latest two, and nothing that a killed job left half written."""
    sets = sorted(latest.parent.glob(SETS), key=lambda file: file.stat().st_mtime_ns)
    for file in [*sets[:-KEPT], *latest.parent.glob(".*.part")]:
        file.unlink(missing_ok=True)
