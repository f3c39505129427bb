"""A student's class timetable: only theirs, replaced as a whole, never in the way."""

import pytest

from app.kernel import clock
from app.kernel.clock import clinic_day, local_date
from app.kernel.errors import Forbidden
from app.kernel.ids import PatientId
from app.patients.queries import patient_by_university_id
from app.scheduling import services
from app.scheduling.errors.calendars import BadTimetable
from app.scheduling.queries.timetable import class_periods, coming_classes, count_classes
from app.scheduling.services import Wish
from app.scheduling.services.timetable import delete_timetable, import_timetable
from tests.factories.scheduling import MANILA, at
from tests.rules.test_timetable_rules import calendar, event

pytestmark = pytest.mark.usefixtures("clinic")
TWICE = calendar(event("RRULE:FREQ=WEEKLY;COUNT=2"))


def key_of(person) -> PatientId:
    return patient_by_university_id(person.id).id


def test_an_import_replaces_the_timetable(people):
    assert import_timetable(people.sam.actor, data=TWICE) == 2
    assert import_timetable(people.sam.actor, data=calendar(event()).encode()) == 1

    (found,) = coming_classes(key_of(people.sam), now=clock.now())
    assert (found.starts_at, found.title) == (at("09:00"), "CIS 2101")


def test_a_file_that_cannot_be_read_leaves_the_old_timetable(people):
    import_timetable(people.sam.actor, data=TWICE)

    with pytest.raises(BadTimetable):
        import_timetable(people.sam.actor, data="hello")

    assert count_classes(key_of(people.sam)) == 2


def test_a_timetable_is_forgotten_and_a_second_tap_harmless(people):
    import_timetable(people.sam.actor, data=TWICE)

    assert delete_timetable(people.sam.actor) == 2
    assert delete_timetable(people.sam.actor) == 0


def test_a_timetable_belongs_to_one_student(people):
    import_timetable(people.sam.actor, data=TWICE)

    delete_timetable(people.eve.actor)

    day = clinic_day(local_date(clock.now(), MANILA), MANILA)
    assert len(class_periods(key_of(people.sam), day)) == 1
    assert class_periods(key_of(people.eve), day) == []
    with pytest.raises(Forbidden):
        import_timetable(people.rosa.actor, data=TWICE)


def test_a_class_never_blocks_a_booking(people):
    import_timetable(people.sam.actor, data=TWICE)
    wish = Wish(type="consultation", starts_at=at("09:00"))

    assert services.book_appointment(people.sam.actor, wish=wish).status == "confirmed"
