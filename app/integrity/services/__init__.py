"""Use cases of integrity: prove, write and read signed reports."""

from app.integrity.services.proof import prove_nightly, request_proof, resume_proof, run_proof
from app.integrity.services.reading import (
    ProofPage,
    proof_details,
    proof_page,
    proof_warning,
    report_file,
)
from app.integrity.services.reports import Genuine, reports_folder, verify_report
from app.integrity.services.signing import create_report_key, public_key
from app.integrity.services.telling import seal_trail

__all__ = [
    "Genuine",
    "ProofPage",
    "create_report_key",
    "proof_details",
    "proof_page",
    "proof_warning",
    "prove_nightly",
    "public_key",
    "report_file",
    "reports_folder",
    "request_proof",
    "resume_proof",
    "run_proof",
    "seal_trail",
    "verify_report",
]
