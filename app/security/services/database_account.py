"""The site's account in the database: it adds to the trail and can never change it (AUD-02)."""

from sqlalchemy.engine import make_url

from app.infra.database_rights import (
    Powers,
    RightsRefused,
    make_accounts,
    powers_over,
    renew_rights,
)
from app.infra.db import session
from app.infra.runtime import settings
from app.security.errors import NoSiteAccount
from app.security.models import TRAIL


def renew_site_account(owner_url: str = "") -> list[str]:
    """Give the account of DATABASE_URL its rights in the owner's database; returns what was done.

    Nothing where there is one account only. `owner_url` names another database of the same server,
    such as a restored copy. Raises NoSiteAccount.
    """
    chosen = settings()
    if not chosen.has_two_accounts:
        return []
    done = make_site_account()
    try:
        done += renew_rights(owner_url or chosen.owner_url, chosen.database_url, kept=TRAIL)
    except RightsRefused as error:
        raise NoSiteAccount(str(error)) from error
    return done


def make_site_account() -> list[str]:
    """Make the accounts that less is allowed, on a server that does not know them yet.

    A restore does so before its long work begins. Raises NoSiteAccount.
    """
    chosen = settings()
    if not chosen.has_two_accounts:
        return []
    server = make_url(chosen.owner_url).set(database="postgres")
    try:
        return make_accounts(
            server.render_as_string(hide_password=False),
            chosen.database_url,
            chosen.backup_scratch_database_url,
        )
    except RightsRefused as error:
        raise NoSiteAccount(str(error)) from error


def powers_over_trail() -> Powers:
    """What the site's account in the database could do to the trail; nothing is right (AUD-02)."""
    return powers_over(session().connection(), TRAIL)
