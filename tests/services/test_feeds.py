"""Calendar feeds: one secret address each, nothing clinical, and who may make one (SCH-37)."""

from datetime import timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import select, update

from app.infra.db import session
from app.kernel import clock
from app.kernel.errors import Forbidden
from app.scheduling import services
from app.scheduling.errors.calendars import NoFeedForYou, UnknownFeed
from app.scheduling.models import Feed
from app.scheduling.rules import AppointmentStatus
from app.scheduling.rules.feeds import FeedKind
from app.scheduling.services import Wish
from app.scheduling.services.calendar_entry import calendar_entry
from app.scheduling.services.feeds import make_feed, own_feed, read_feed, revoke_feed
from app.security.models import ClinicUser
from tests.factories.scheduling import SYSTEM, at

pytestmark = pytest.mark.usefixtures("clinic")
PATIENT, PROVIDER = FeedKind.PATIENT, FeedKind.PROVIDER


def book(person, starts_at="2026-11-24 09:00", **more):
    wish = Wish(
        **{"type": "consultation", "starts_at": at(starts_at), "provider": "DOC901", **more}
    )
    return services.book_appointment(person.actor, wish=wish)


def events(token):
    """The visits as a third-party parser reads them."""
    return Calendar.from_ical(read_feed(token=token).content).walk("VEVENT")


def test_a_student_reads_their_visits_under_the_uids_of_the_mails(people):
    booked = book(people.sam, reason="Fever")
    book(people.eve, "2026-11-24 10:00")

    (event,) = events(make_feed(people.sam.actor, kind=PATIENT))
    entry = calendar_entry(people.sam.actor, appointment_id=booked.id)
    (mailed,) = Calendar.from_ical(entry).walk("VEVENT")

    assert event["UID"] == mailed["UID"]  # CAL-01
    assert event["DTSTART"].dt == at("2026-11-24 09:00")
    assert event["DTEND"].dt == at("2026-11-24 09:20")
    assert event["SUMMARY"] == "Clinic appointment"


def test_a_feed_says_neither_who_nor_what_for(people):
    book(people.sam, reason="Fever")
    token = make_feed(people.dana.actor, kind=PROVIDER)

    text = read_feed(token=token).content.decode()

    for word in ("Sam", "Dela Cruz", people.sam.id, "Fever", "onsultation", "mailto"):
        assert word not in text  # SCH-37
    assert "METHOD:PUBLISH" in text


def test_a_moved_visit_keeps_its_uid_and_counts_its_changes(people):
    booked = book(people.sam)
    token = make_feed(people.sam.actor, kind=PATIENT)
    (before,) = events(token)
    services.reschedule_appointment(
        people.sam.actor, appointment_id=booked.id, starts_at=at("2026-11-25 09:00")
    )

    (after,) = events(token)

    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert after["DTSTART"].dt == at("2026-11-25 09:00")


def test_requests_and_visits_given_up_are_not_in_it(people):
    booked = book(people.sam)
    book(people.sam, "2026-11-25 09:00", type="dental-cleaning", provider=None)
    token = make_feed(people.sam.actor, kind=PATIENT)
    before = read_feed(token=token)
    with clock.pretend(clock.now() + timedelta(minutes=5)):
        services.change_status(
            people.sam.actor, appointment_id=booked.id, status=AppointmentStatus.CANCELLED
        )
        after = read_feed(token=token)

    assert b"VEVENT" in before.content
    assert b"VEVENT" not in after.content
    assert after.etag != before.etag
    assert after.changed_at > before.changed_at


def test_the_same_visits_are_the_same_file(people):
    book(people.sam)
    token = make_feed(people.sam.actor, kind=PATIENT)

    first, second = read_feed(token=token), read_feed(token=token)

    assert first == second


def test_only_some_months_are_in_it(people):
    book(people.sam)
    token = make_feed(people.sam.actor, kind=PATIENT)

    with clock.pretend(clock.now() + timedelta(days=40)):
        assert events(token) == []


def test_only_the_hash_of_the_token_is_kept(people):
    token = make_feed(people.sam.actor, kind=PATIENT)

    row = session().scalars(select(Feed)).one()
    assert token not in str(vars(row))
    assert len(row.token_hash) == 64


def test_a_new_address_ends_the_old_one(people):
    old = make_feed(people.sam.actor, kind=PATIENT)
    new = make_feed(people.sam.actor, kind=PATIENT)

    assert read_feed(token=new)
    with pytest.raises(UnknownFeed):
        read_feed(token=old)


def test_an_address_that_was_taken_back_is_unknown_and_a_second_tap_harmless(people):
    token = make_feed(people.sam.actor, kind=PATIENT)

    assert revoke_feed(people.sam.actor, kind=PATIENT)
    assert not revoke_feed(people.sam.actor, kind=PATIENT)
    assert own_feed(people.sam.actor, kind=PATIENT) is None
    with pytest.raises(UnknownFeed):
        read_feed(token=token)


@pytest.mark.parametrize("token", ["", "x", "a" * 43, "a" * 5000, "ä" * 43, "' OR 1=1 --"])
def test_an_unknown_token_is_unknown(token):
    with pytest.raises(UnknownFeed):
        read_feed(token=token)


def test_the_feed_of_a_leaver_is_gone(people):
    token = make_feed(people.sam.actor, kind=PATIENT)
    of_dana = make_feed(people.dana.actor, kind=PROVIDER)
    session().execute(
        update(ClinicUser).where(ClinicUser.id == people.sam.user_id).values(active=False)
    )
    services.save_practitioner(
        SYSTEM, user_id=people.dana.user_id, kind="physician", is_active=False
    )

    for one in (token, of_dana):
        with pytest.raises(UnknownFeed):
            read_feed(token=one)


def test_an_address_of_one_is_not_that_of_another(people):
    make_feed(people.sam.actor, kind=PATIENT)

    assert own_feed(people.eve.actor, kind=PATIENT) is None
    revoke_feed(people.eve.actor, kind=PATIENT)
    assert own_feed(people.sam.actor, kind=PATIENT) is not None


def test_only_patients_and_providers_make_one(people):
    with pytest.raises(NoFeedForYou):
        make_feed(people.rosa.actor, kind=PROVIDER)
    with pytest.raises(Forbidden):
        make_feed(people.sam.actor, kind=PROVIDER)
    with pytest.raises(Forbidden):
        make_feed(people.dana.actor, kind=PATIENT)


def test_the_owner_sees_when_it_was_last_read(people):
    token = make_feed(people.sam.actor, kind=PATIENT)
    assert own_feed(people.sam.actor, kind=PATIENT).last_read_at is None

    read_feed(token=token)

    assert own_feed(people.sam.actor, kind=PATIENT).last_read_at == clock.now()
