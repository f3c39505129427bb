"""The people of the tests: in every access test the owner, the colleague and the stranger."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from app.kernel.actor import Actor, Channel, system_actor
from app.kernel.ids import UserId
from app.kernel.permission import PATIENT_ROLES, Role

PASSWORD = "rain on the old acacia tree"


@dataclass(frozen=True)
class Person:
    """Somebody with an account. `id` is the university ID, which signs in."""

    id: str
    first_name: str
    last_name: str
    role: Role

    @property
    def email(self) -> str:
        """The person's address on the university's domain."""
        return f"{self.id.lower()}@usc.edu.ph"

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"

    @property
    def user_id(self) -> UserId:
        """The account's key in the database of this test."""
        from app.security import queries

        found = queries.user_id_for_login(self.id.lower())
        assert found is not None
        return found

    @property
    def actor(self) -> Actor:
        """The person as the acting one, with the permissions that the roles give now."""
        from app.security import queries

        channel = Channel.PORTAL if self.role in PATIENT_ROLES else Channel.STAFF
        return Actor(
            user_id=self.user_id,
            name=self.name,
            roles=frozenset(queries.role_names(self.user_id)),
            grants=queries.grants_of(self.user_id),
            channel=channel,
        )


PEOPLE = SimpleNamespace(
    ada=Person("ADMIN901", "Ada", "Reyes", Role.ADMIN),
    rosa=Person("STAFF901", "Rosa", "Peñaflor", Role.RECEPTIONIST),
    neil=Person("NURSE901", "Neil", "Abellana", Role.NURSE),
    dana=Person("DOC901", "Dana", "Villamor", Role.PHYSICIAN),
    dino=Person("DOC902", "Dino", "Cabahug", Role.PHYSICIAN),
    dee=Person("DENT901", "Dee", "Osmeña", Role.DENTIST),
    cass=Person("CASH901", "Cass", "Lim", Role.CASHIER),
    pia=Person("DPO901", "Pia", "Go", Role.PRIVACY_OFFICER),
    sam=Person("20259001", "Sam", "Dela Cruz", Role.STUDENT),
    eve=Person("20259002", "Eve", "Ñuñez", Role.STUDENT),
)


def everybody() -> list[Person]:
    """All of them."""
    return list(vars(PEOPLE).values())


def create_people(manager: Any) -> None:
    """Open everybody's account, once per template database."""
    from app.security import services

    password_hash = manager.hash_password(PASSWORD)
    for person in everybody():
        services.open_account(
            system_actor(Channel.CLI),
            university_id=person.id,
            first_name=person.first_name,
            last_name=person.last_name,
            email=person.email,
            roles=[person.role],
            password_hash=password_hash,
        )
