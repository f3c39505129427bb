"""The portal's page of classes, and the picker that offers clashing times last."""

from io import BytesIO

from tests.factories.scheduling import create_crowd
from tests.rules.test_timetable_rules import calendar, event

CLASS = calendar(event("RRULE:FREQ=WEEKLY;COUNT=2"))
DAY = "/portal/book/consultation?from=2026-11-23&on=2026-11-23"


def test_pasted_text_marks_times_and_offers_them_last(sam):
    sam.open("/portal/timetable")
    page = sam.send("Bring in the timetable", pasted=CLASS)

    assert page.says("Your timetable has 2 classes now.")
    assert page.says("CIS 2101")
    times = sam.open(DAY)
    assert times.says("During your class 9:00 AM 9:20 AM 9:40 AM 10:00 AM 10:20 AM")
    assert times.text.index("4:40 PM") < times.text.index("9:00 AM")
    sam.tap("9:00 AM")
    assert sam.send("Book").says("Your appointment is booked.")  # it never blocks


def test_other_times_during_a_class_are_labelled_and_last(app, sam, people, booked):
    sam.open("/portal/timetable")
    sam.send("Bring in the timetable", pasted=CLASS)
    sam.open(DAY)
    sam.tap("8:20 AM")
    for provider, patient in zip((people.dana, people.dino), others(app), strict=True):
        booked(people.rosa, "2026-11-23 08:20", patient=patient, provider=provider.id)

    page = sam.send("Book")

    labels = [form.text for form in page.forms if form.text.startswith("Today")]
    clashing = [text.endswith("during your class") for text in labels]
    assert page.status == 409
    assert clashing == sorted(clashing)
    assert set(clashing) == {False, True}


def test_moving_labels_them_too(app, sam, people, booked):
    visit = booked(people.sam, "2026-11-24 08:00", provider=people.dana.id)
    sam.open("/portal/timetable")
    sam.send("Bring in the timetable", pasted=CLASS)
    sam.open(f"/portal/appointments/{visit.id}/move?from=2026-11-23&on=2026-11-23")
    sam.tap("8:20 AM")
    booked(people.rosa, "2026-11-23 08:20", patient=others(app)[0], provider=people.dana.id)

    page = sam.send("Move the appointment")

    assert (page.status, page.says("9:00 AM during your class")) == (409, True)


def others(app) -> list[str]:
    """Two other patients."""
    with app.app_context():
        return create_crowd(2)


def test_a_file_is_read_too(sam):
    answer = sam.client.post(
        "/portal/timetable/import",
        data={"file": (BytesIO(CLASS.encode()), "classes.ics"), "pasted": ""},
        content_type="multipart/form-data",
    )

    assert answer.status_code == 303
    assert sam.open("/portal/timetable").says("CIS 2101")


def test_what_is_no_timetable_is_refused_in_a_sentence(sam):
    sam.open("/portal/timetable")
    page = sam.send("Bring in the timetable", pasted="hello")

    assert page.status == 422
    assert page.says("This is not a calendar file.")
    assert page.form("Bring in").fields["pasted"].strip() == "hello"


def test_a_timetable_is_deleted(sam):
    sam.open("/portal/timetable")
    sam.send("Bring in the timetable", pasted=CLASS)

    page = sam.send("Delete the timetable")

    assert page.says("Your timetable was deleted.")
    assert not sam.open(DAY).says("During your class")


def test_nobody_else_sees_it(sam, eve):
    sam.open("/portal/timetable")
    sam.send("Bring in the timetable", pasted=CLASS)

    assert not eve.open("/portal/timetable").says("CIS 2101")
    assert not eve.open(DAY).says("During your class")
