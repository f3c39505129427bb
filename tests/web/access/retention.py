"""Who may open the doors of retention."""

from app.kernel.permission import Role
from tests.web.access.roles import ADMIN

KEEPERS = ADMIN | {Role.PRIVACY_OFFICER}
WHO: dict[str, frozenset[Role] | frozenset[Role | None]] = {
    "DisposalListView.overview": KEEPERS,
    "DisposalListView.show": KEEPERS,
    "DisposalListView.progress": KEEPERS,
    "DisposalListView.draw": KEEPERS,
    "DisposalListView.approve": KEEPERS,
    "DisposalListView.withdraw": KEEPERS,
    "CertificateView.file": KEEPERS,
    "HoldView.holds": KEEPERS,
    "HoldView.person": KEEPERS,
    "HoldView.place": KEEPERS,
    "HoldView.lift": KEEPERS,
}
SAID: dict[str, dict[str, object]] = {}
