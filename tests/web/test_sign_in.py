"""Signing in and out (AUT-01, AUT-03, AUT-05)."""

from tests.people import PASSWORD


def test_staff_sign_in_by_id_in_any_case(client, people):
    answer = client.post("/login/", data={"username": "staff901", "password": PASSWORD})

    assert answer.status_code == 302
    assert answer.headers["Location"] == "/"


def test_students_sign_in_by_mail_and_land_in_the_portal(client, people):
    answer = client.post(
        "/login/", data={"username": people.sam.email.upper(), "password": PASSWORD}
    )

    assert answer.headers["Location"] == "/portal/"


def test_a_wrong_name_and_a_wrong_password_read_the_same(client, people):
    wrong_name = client.post("/login/", data={"username": "nobody", "password": PASSWORD})
    wrong_password = client.post("/login/", data={"username": people.rosa.id, "password": "no"})

    assert wrong_name.status_code == wrong_password.status_code == 200
    assert b"This sign-in did not work" in wrong_name.data
    assert b"This sign-in did not work" in wrong_password.data


def test_the_sixth_try_is_refused_even_with_the_right_password(client, people):
    for _ in range(5):
        client.post("/login/", data={"username": people.rosa.id, "password": "wrong"})

    answer = client.post("/login/", data={"username": people.rosa.id, "password": PASSWORD})

    assert answer.status_code == 200  # AUT-03: still the sign-in page


def test_the_token_login_is_throttled_by_the_same_count(client, people):
    for _ in range(5):
        client.post("/login/", data={"username": people.rosa.id, "password": "wrong"})

    answer = client.post(
        "/api/v1/security/login",
        json={"username": people.rosa.id, "password": PASSWORD, "provider": "db"},
    )

    assert answer.status_code == 401


def test_sign_out_needs_a_post(client, people):
    client.sign_in(people.rosa)

    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").status_code == 302
    assert client.get("/users/userinfo/").status_code == 302


def test_a_student_reaches_no_staff_screen(client, people):
    client.sign_in(people.sam)

    assert client.get("/users/list/").status_code == 403
    assert client.get("/roles/list/").status_code == 403
    assert client.get("/audit/list/").status_code == 403
