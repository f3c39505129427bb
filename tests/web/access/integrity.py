"""Who may open the doors of integrity."""

from app.kernel.permission import Role
from tests.web.access.roles import ADMIN

LOOKS_AFTER_DATA = ADMIN | {Role.PRIVACY_OFFICER}
WHO: dict[str, frozenset[Role] | frozenset[Role | None]] = {
    "ProofView.proofs": LOOKS_AFTER_DATA,
    "ProofView.proof": LOOKS_AFTER_DATA,
    "ProofView.progress": LOOKS_AFTER_DATA,
    "ProofView.report": LOOKS_AFTER_DATA,
    "ProofView.prove": LOOKS_AFTER_DATA,
}
SAID: dict[str, dict[str, object]] = {}
