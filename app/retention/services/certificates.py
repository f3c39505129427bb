"""Certificates of disposal: JSON for programs, signed; PDF for people (RET-02).

The JSON names every record by its key and pseudonym, never by a name; with it a restored backup
can be brought to the same state (reapplying.py).
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from app.infra.pdf import pdf_of
from app.infra.runtime import settings
from app.infra.templates import render
from app.infra.whole_files import write_whole
from app.integrity.rules import canonical
from app.integrity.services import signing
from app.kernel.actor import Actor
from app.patients.queries import entered_at
from app.retention import queries
from app.retention.errors import NoCertificate, NotACertificate
from app.retention.permissions import Permission
from app.retention.queries import DisposalView
from app.retention.rules import Outcome

FORMAT = "uscpis-disposal-1"
LARGEST = 20_000_000
SHOWN = 200
KINDS = ("json", "pdf")


@dataclass(frozen=True, slots=True)
class Written:
    """Both files of a certificate."""

    name: str
    json_sha256: str
    pdf_sha256: str


def certificates_folder() -> Path:
    """Where certificates are kept; part of every backup."""
    return settings().home / "certificates"


def write_certificate(found: DisposalView) -> Written:
    """Write both files of a list that was carried out. Raises NoReportKey."""
    name = f"disposal-{found.id:06d}"
    facts = _facts(found)
    page = render(
        "retention/certificate.html",
        disposal=found,
        facts=facts,
        left_out=facts["left_out"][:SHOWN],
        fingerprint=hashlib.sha256(canonical(facts)).hexdigest(),
        public_key=signing.public_key(),
    )
    drawn = pdf_of(page)
    facts["pdf"] = {"name": f"{name}.pdf", "sha256": hashlib.sha256(drawn).hexdigest()}
    signature = {
        "algorithm": signing.ALGORITHM,
        "public_key": signing.public_key(),
        "value": signing.sign(canonical(facts)),
    }
    told = json.dumps(
        {"certificate": facts, "signature": signature}, ensure_ascii=False, indent=2
    ).encode()
    folder = certificates_folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(folder / f"{name}.pdf", drawn)
    write_whole(folder / f"{name}.json", told)
    return Written(name, hashlib.sha256(told).hexdigest(), facts["pdf"]["sha256"])


def _facts(found: DisposalView) -> dict[str, Any]:
    gone = list(queries.settled_items(found.id, Outcome.DISPOSED))
    stayed = queries.settled_items(found.id, Outcome.LEFT_OUT)
    entered = entered_at([one.patient_id for one in gone])
    return {
        "format": FORMAT,
        "clinic": f"{settings().clinic_name}, {settings().institution_name}",
        "list": found.id,
        "reason": found.reason,
        "rule": {"years": found.schedule, "on_day": str(found.on_day)},
        "list_sha256": found.list_hash,
        "drawn_up": _deed(found.drafted_by, found.drafted_at),
        "approved": [
            _deed(found.first_approver, found.first_approved_at),
            _deed(found.second_approver, found.second_approved_at),
        ],
        "started_at": _stamp(found.started_at),
        "finished_at": _stamp(found.finished_at),
        "people": {"listed": found.people, "disposed": len(gone), "left_out": found.left_out},
        "erased": found.counts,
        "disposed": [
            {
                "record": one.patient_id,
                "pseudonym": one.pseudonym,
                "entered_at": _stamp(entered.get(one.patient_id)),
            }
            for one in gone
        ],
        "left_out": [{"record": one.patient_id, "because": one.note} for one in stayed],
    }


def _deed(by: str, at: datetime | None) -> dict[str, str]:
    return {"by": by, "at": _stamp(at)}


def _stamp(at: datetime | None) -> str:
    return at.isoformat() if at else ""


def certificate_file(actor: Actor, *, disposal_id: int, kind: str) -> Path:
    """The file of a certificate, "json" or "pdf". Raises UnknownDisposal, NoCertificate."""
    actor.require(Permission.CERTIFICATE_READ)
    found = queries.known_disposal(disposal_id)
    file = certificates_folder() / f"{found.certificate}.{kind}"
    if kind not in KINDS or not found.certificate or not file.is_file():
        raise NoCertificate()
    return file


def verified_certificate(file: Path, *, by: str = "") -> dict[str, Any]:
    """The facts of a certificate that we signed and nobody changed.

    `by` is the public key to expect; ours if it is left out. Raises NotACertificate, NoReportKey.
    """
    try:
        if file.stat().st_size > LARGEST:
            raise NotACertificate(f"{file.name} is too large to be a certificate.")
        told = json.loads(file.read_text(encoding="utf-8"))
        facts, signature = told["certificate"], told["signature"]
        stated, value = canonical(facts), str(signature["value"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotACertificate(f"{file.name} is not a certificate of disposal.") from error
    if not signing.is_signed(stated, value, by=by or signing.public_key()):
        raise NotACertificate(f"{file.name} was changed, or signed with another key.")
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise NotACertificate(f"{file.name} is not a certificate of disposal.")
    return facts
