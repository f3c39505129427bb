"""Which sets this release and this server can take (BAK-02)."""

from collections.abc import Sequence

from app.backup.errors import Incompatible
from app.backup.rules.manifest import Manifest


def check_compatible(manifest: Manifest, *, history: Sequence[str], server_major: int) -> None:
    """Refuse a set from a newer release or a newer server. Raises Incompatible.

    `history` are the schema revisions that this release knows, oldest first: an older one is
    restored and then brought up to date by the migrations.
    """
    if manifest.schema_revision not in history:
        raise Incompatible(
            f"{manifest.set_name} was made by release {manifest.product_version} with the schema "
            f"{manifest.schema_revision}, which this release does not know. Install that release "
            "or a newer one first."
        )
    if manifest.server_major > server_major:
        raise Incompatible(
            f"{manifest.set_name} comes from PostgreSQL {manifest.server_major}; the server here "
            f"is {server_major}. Restore into PostgreSQL {manifest.server_major} or newer."
        )
