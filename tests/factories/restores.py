"""A clinic with backups, two administrators, and what restores of it need."""

from dataclasses import dataclass

from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from app.backup.rules import Manifest
from app.backup.services.keys import backup_vault
from app.backup.services.making import Source, make_set
from app.backup.services.places import first_folder
from app.backup.services.restoring import administering
from app.infra.db import let_go
from app.integrity.queries import all_files
from app.kernel import clock
from app.kernel.actor import Channel, system_actor
from app.kernel.permission import Role
from app.security import services as security
from app.security.services import seal_events
from tests.people import PASSWORD, Person

SYSTEM = system_actor(Channel.CLI)
OTHER_ADMIN = Person("ADMIN902", "Abe", "Santos", Role.ADMIN)


@dataclass(frozen=True)
class World:
    """One clinic, as its restores see it."""

    app: Flask

    @property
    def url(self) -> str:
        """The live database."""
        return str(self.app.config["SQLALCHEMY_DATABASE_URI"])

    @property
    def name(self) -> str:
        """Its name."""
        return str(make_url(self.url).database)

    @property
    def home(self):
        """The folder with the files."""
        return self.app.config["SETTINGS"].home

    @property
    def report(self):
        """A file that belongs into every backup."""
        return self.home / "reports" / "proof.txt"

    def make(self, mark: str = "0a1b2c3d", *, seals: bool = True) -> Manifest:
        """One finished set in the first folder; an old schema has no seals yet."""
        with self.app.app_context():
            if seals:
                seal_events()
            source = Source(self.url, self.home, all_files(), {}, "San Carlos")
            made = make_set(
                source,
                backup_vault(),
                first_folder(),
                made_at=clock.now(),
                mark=mark,
                say=lambda *_: None,
            )
            let_go()
        return made

    def asked(self, question: str, url: str = ""):
        """One value of the live database, or of another one."""
        engine = create_engine(url or self.url)
        with engine.connect() as connection:
            found = connection.scalar(text(question))
        engine.dispose()
        return found

    def say(self, *statements: str) -> None:
        """Change the live database behind everybody's back."""
        engine = create_engine(self.url)
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()

    def databases(self) -> list[str]:
        """The databases of this clinic, and copies that nobody cleared away."""
        with administering(self.url) as connection:
            names = connection.scalars(text("SELECT datname FROM pg_database")).all()
        return sorted(name for name in names if name.startswith(self.name))

    def run(self, *args: str):
        """A command as an administrator types it."""
        return self.app.test_cli_runner().invoke(args=["clinic", *args], catch_exceptions=False)


def create_world(app: Flask) -> World:
    """Two administrators and one file."""
    world = World(app)
    with app.app_context():
        security.open_account(
            SYSTEM,
            university_id=OTHER_ADMIN.id,
            first_name=OTHER_ADMIN.first_name,
            last_name=OTHER_ADMIN.last_name,
            email=OTHER_ADMIN.email,
            roles=[Role.ADMIN],
            password_hash=app.extensions["appbuilder"].sm.hash_password(PASSWORD),
        )
    world.report.parent.mkdir(parents=True)
    world.report.write_text("as it was")
    return world
