"""Signed reports of proofs: JSON for programs, PDF for people (BAK-02).

The JSON holds the SHA-256 of the PDF and carries the signature, so it speaks for both.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from app.infra.pdf import pdf_of
from app.infra.runtime import settings
from app.infra.templates import render
from app.infra.whole_files import write_whole
from app.integrity.errors import NotGenuine
from app.integrity.queries import RunView
from app.integrity.rules import canonical
from app.integrity.services import signing

FORMAT = "uscpis-proof-1"
LARGEST = 20_000_000


@dataclass(frozen=True, slots=True)
class Genuine:
    """A report that we signed and that nobody changed; `has_pdf` if its PDF was beside it."""

    run_id: int
    status: str
    finished_at: str
    audit_head: str
    has_pdf: bool


def reports_folder() -> Path:
    """Where reports are kept; part of every backup."""
    return settings().home / "reports"


def write_report(run: RunView) -> str:
    """Write both files of a proof that ended; returns their name without suffix.

    Raises NoReportKey.
    """
    name = f"proof-{run.id:06d}-{run.started_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    facts = _facts(run)
    fingerprint = hashlib.sha256(canonical(facts)).hexdigest()
    page = render(
        "integrity/report.html", run=run, fingerprint=fingerprint, public_key=signing.public_key()
    )
    drawn = pdf_of(page)
    facts["pdf"] = {"name": f"{name}.pdf", "sha256": hashlib.sha256(drawn).hexdigest()}
    signed = {
        "report": facts,
        "signature": {
            "algorithm": signing.ALGORITHM,
            "public_key": signing.public_key(),
            "value": signing.sign(canonical(facts)),
        },
    }
    folder = reports_folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(folder / f"{name}.pdf", drawn)
    write_whole(folder / f"{name}.json", json.dumps(signed, ensure_ascii=False, indent=2).encode())
    return name


def _facts(run: RunView) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "clinic": f"{settings().clinic_name}, {settings().institution_name}",
        "proof": run.id,
        "status": run.status.value,
        "asked_by": run.asked_by,
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else "",
        "invariants": run.results,
        "breaches": run.breach_count,
        "audit_trail": {
            "sealed": run.audit_events,
            "head": run.audit_head,
            "problems": run.audit_problem_count,
            "first_problems": run.audit_problems,
        },
    }


def verify_report(file: Path, *, by: str = "") -> Genuine:
    """Check a report's signature, and its PDF if that lies beside it (or is the file named).

    `by` is the public key to expect; ours if it is left out. Raises NotGenuine, NoReportKey.
    """
    stated = _read(file.with_suffix(".json"))
    report, signature = stated.get("report"), stated.get("signature")
    if not isinstance(report, dict) or not isinstance(signature, dict):
        raise NotGenuine("This is not a report of a proof.")
    expected = by or signing.public_key()
    if not signing.is_signed(_bytes(report), str(signature.get("value", "")), by=expected):
        raise NotGenuine("This report was changed, or it was signed with another key.")
    pdf = file.with_suffix(".pdf")
    if pdf.exists() and _digest(pdf) != report.get("pdf", {}).get("sha256"):
        raise NotGenuine(f"{pdf.name} was changed, or it is the file of another report.")
    return Genuine(
        run_id=int(report["proof"]),
        status=str(report["status"]),
        finished_at=str(report["finished_at"]),
        audit_head=str(report["audit_trail"]["head"]),
        has_pdf=pdf.exists(),
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > LARGEST:
            raise NotGenuine("This file is too large to be a report.")
        found = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise NotGenuine(f"{file.name} cannot be read; the signature is in that file.") from error
    except (ValueError, RecursionError) as error:
        raise NotGenuine("This is not a report of a proof.") from error
    return found if isinstance(found, dict) else {}


def _bytes(report: dict[str, Any]) -> bytes:
    try:
        return canonical(report)
    except (ValueError, TypeError) as error:
        raise NotGenuine("This is not a report of a proof.") from error


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
