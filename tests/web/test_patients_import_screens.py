"""The screens of imports: upload, report, storing, history."""

import io

import pytest

from app.patients import queries, services
from app.patients.rules import ImportChoice
from tests.factories.patients import csv_file, student_rows

NAMES = ("university_id", "first_name", "last_name")


def upload(client, content: bytes):
    return client.post(
        "/imports/new",
        data={"file": (io.BytesIO(content), "students.csv")},
        content_type="multipart/form-data",
    )


@pytest.fixture
def run_id(app, people):
    rows = [("20250001", "Ana", "Reyes"), ("=1+1", "Ben", "Lim")]
    with app.app_context():
        return services.upload_file(
            people.rosa.actor, file_name="students.csv", content=csv_file(rows, header=NAMES)
        )


def test_an_upload_leads_to_its_report(client, people):
    client.sign_in(people.rosa)

    answer = upload(client, csv_file(student_rows(3), encoding="cp1252"))
    page = client.get(answer.headers["Location"]).get_data(as_text=True)

    assert "Checked, not stored yet" in page
    assert "Windows-1252" in page
    assert "Store 3 patients" in page


@pytest.mark.parametrize("content", [b"", b"name\nAna\n", b"\x00\x00\xff"])
def test_a_file_that_is_no_list_is_refused_on_the_form(client, people, content):
    answer = upload(client.sign_in(people.rosa), content)

    assert answer.status_code == 200
    assert "c-field__error" in answer.get_data(as_text=True)


def test_a_form_without_a_file_asks_for_one(client, people):
    answer = client.sign_in(people.rosa).post("/imports/new", data={})

    assert "Please choose a file" in answer.get_data(as_text=True)


def test_more_than_the_limit_is_refused(client, people):
    answer = client.sign_in(people.rosa).post(
        "/imports/new",
        data=b"x" * (32 * 1024 * 1024 + 1),
        content_type="multipart/form-data; boundary=x",
    )

    assert answer.status_code == 413


def test_storing_the_valid_rows_is_one_click(client, people, run_id):
    client.sign_in(people.rosa)

    client.post(f"/imports/apply/{run_id}", data={"choice": "valid-rows"})

    assert "Stored" in client.get(f"/imports/show/{run_id}").get_data(as_text=True)
    with client.application.app_context():
        assert queries.patient_by_university_id("20250001").full_name == "Ana Reyes"


def test_all_or_nothing_is_refused_with_the_reason(client, people, run_id):
    client.sign_in(people.rosa)

    answer = client.post(
        f"/imports/apply/{run_id}", data={"choice": "all-or-nothing"}, follow_redirects=True
    )

    assert "1 row is wrong" in answer.get_data(as_text=True)


def test_a_choice_that_is_none_is_refused(client, people, run_id):
    client.sign_in(people.rosa)

    answer = client.post(
        f"/imports/apply/{run_id}", data={"choice": "whatever"}, follow_redirects=True
    )

    assert "Please choose what happens" in answer.get_data(as_text=True)


def test_discarding_forgets_the_file(client, people, run_id):
    client.sign_in(people.rosa)

    answer = client.post(f"/imports/discard/{run_id}", follow_redirects=True)

    assert "Discarded" in answer.get_data(as_text=True)


def test_the_report_is_a_file_in_which_nothing_runs(client, people, run_id):
    answer = client.sign_in(people.rosa).get(f"/imports/report/{run_id}.csv")

    lines = answer.get_data(as_text=True).splitlines()
    assert lines[0] == "\ufeffline,column,value,what is wrong"
    assert lines[1].startswith("3,university_id,'=1+1,")  # INP-03


def test_a_long_import_shows_its_progress(client, people):
    client.sign_in(people.rosa)
    address = upload(client, csv_file(student_rows(2_001))).headers["Location"]

    page = client.get(address).get_data(as_text=True)
    state = client.get(address.replace("show", "progress")).json

    assert "<progress" in page
    assert state == {"status": "checking", "done": 0, "expected": 2_001}


def test_the_history_lists_every_run(client, people, run_id):
    page = client.sign_in(people.rosa).get("/imports/list/").get_data(as_text=True)

    assert "students.csv" in page


@pytest.mark.parametrize("path", ["show/{}", "progress/{}", "report/{}.csv"])
def test_a_student_and_a_physician_see_no_import(client, people, run_id, path):
    for person in (people.eve, people.dana):
        client.sign_in(person)
        assert client.get("/imports/" + path.format(run_id)).status_code == 403
        client.post("/logout/")


@pytest.mark.parametrize("path", ["apply/{}", "discard/{}"])
def test_a_student_starts_no_import(client, people, run_id, path):
    client.sign_in(people.eve)

    assert client.post("/imports/" + path.format(run_id)).status_code == 403


@pytest.mark.parametrize("path", ["show/999999", "show/x", "progress/0", "report/999999.csv"])
def test_an_import_that_is_not_there_is_not_found(client, people, path):
    assert client.sign_in(people.rosa).get(f"/imports/{path}").status_code == 404


def test_the_command_line_imports_too(app, tmp_path):
    file = tmp_path / "students.csv"
    file.write_bytes(csv_file([("20250001", "Ana", "Ñuñez"), ("1", "B", "C")], header=NAMES))

    dry = app.test_cli_runner().invoke(args=["clinic", "import-patients", str(file)])
    stored = app.test_cli_runner().invoke(args=["clinic", "import-patients", str(file), "--apply"])

    assert "checked: 1 new, 0 changed, 0 unchanged, 1 wrong." in dry.output
    assert "line 3, university_id" in dry.output
    assert "done: 1 new" in stored.output
    with app.app_context():
        assert queries.search_patients("nunez")[0].university_id == "20250001"


def test_every_choice_of_the_form_is_one_of_the_rules():
    from app.patients.forms import ApplyForm

    choices = ApplyForm.choice.kwargs["choices"]

    assert {ImportChoice(code) for code, _label in choices} == set(ImportChoice)
