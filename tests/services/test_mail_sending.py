"""Handing a letter to a real mail server: yes, no, later, and who it claims to be."""

from datetime import UTC, datetime

import pytest

from app.infra import mail, mail_folder
from app.infra.mail import Attachment, Letter, MailRefused, MailUnavailable
from tests import site
from tests.worker.sink import (
    PASSWORD,
    Sink,
    free_port,
    hung_server,
    mail_server,
    make_certificate,
)

LETTER = Letter(
    to="sam@usc.edu.ph",
    subject="Your appointment is confirmed",
    text="Dear Sam Ñuñez",
    html="<p>Dear Sam Ñuñez</p>",
    message_id="message-1@usc.edu.ph",
    written_at=datetime(2026, 11, 24, 1, 0, tzinfo=UTC),
    attachments=(
        Attachment(
            "appointment.ics", "text/calendar; method=REQUEST; charset=UTF-8", b"BEGIN:VCALENDAR"
        ),
    ),
)


@pytest.fixture
def sending(template_database, tmp_path):
    """Send a letter with these settings."""

    def send(letter=LETTER, **settings):
        app = site.build_app(template_database, tmp_path, **settings)
        with app.app_context():
            mail.send(letter)

    return send


def to_port(port, **more):
    return {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(port), **more}


def with_tls(port, **more):
    secrets = {"MAIL_USERNAME": "apikey", "MAIL_PASSWORD": PASSWORD.decode()}
    return to_port(port, MAIL_USE_TLS="true", **secrets) | {"MAIL_SERVER": "localhost"} | more


def test_a_letter_arrives_with_text_markup_and_calendar_part(sending):
    sink = Sink()

    with mail_server(sink) as port:
        sending(**to_port(port))

    [letter] = sink.letters
    kinds = [part.get_content_type() for part in letter.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html", "text/calendar"]
    assert letter["Message-ID"] == "<message-1@usc.edu.ph>"
    assert letter["From"] == "Health Services Office <clinic@usc.edu.ph>"
    assert letter["Date"].datetime == LETTER.written_at
    assert "Sam Ñuñez" in letter.get_body(("plain",)).get_content()
    [invite] = letter.iter_attachments()
    assert invite.get_content_type() == "text/calendar"
    assert invite["Content-Type"].params["method"] == "REQUEST"


def test_a_server_with_a_trusted_certificate_gets_the_letter_over_tls(sending, tmp_path):
    certificate = make_certificate(tmp_path / "server.pem")
    sink = Sink()

    with mail_server(sink, certificate=certificate) as port:
        sending(**with_tls(port, MAIL_CA_FILE=str(certificate)))

    assert sink.over_tls == [True]


def test_a_self_signed_server_gets_neither_the_letter_nor_the_password(sending, tmp_path):
    sink = Sink()

    with (
        mail_server(sink, certificate=make_certificate(tmp_path / "server.pem")) as port,
        pytest.raises(MailUnavailable, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        sending(**with_tls(port))

    assert sink.letters == []


def test_a_certificate_for_another_name_is_not_enough(sending, tmp_path):
    certificate = make_certificate(tmp_path / "server.pem")

    with (
        mail_server(Sink(), certificate=certificate) as port,
        pytest.raises(MailUnavailable, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        sending(**with_tls(port, MAIL_CA_FILE=str(certificate), MAIL_SERVER="127.0.0.1"))


def test_a_wrong_password_is_our_fault_and_can_be_mended(sending, tmp_path):
    certificate = make_certificate(tmp_path / "server.pem")

    with (
        mail_server(Sink(), certificate=certificate) as port,
        pytest.raises(MailUnavailable, match="535"),
    ):
        sending(**with_tls(port, MAIL_CA_FILE=str(certificate), MAIL_PASSWORD="old"))


def test_a_server_without_tls_does_not_get_the_password(sending):
    sink = Sink()

    with mail_server(sink) as port, pytest.raises(MailUnavailable, match="STARTTLS"):
        sending(**with_tls(port))

    assert sink.letters == []


def test_a_server_that_says_nothing_is_left_after_the_time_out(sending):
    with hung_server() as port, pytest.raises(MailUnavailable, match="timed out"):
        sending(**to_port(port, MAIL_TIMEOUT_SECONDS="1"))


def test_a_server_that_is_not_there_may_come_back(sending):
    with pytest.raises(MailUnavailable, match="refused"):
        sending(**to_port(free_port()))


@pytest.mark.parametrize("answer", ["550 No such user", "554 Content refused"])
def test_a_final_no_to_the_message_is_final(sending, answer):
    with mail_server(Sink(answers=[answer])) as port, pytest.raises(MailRefused, match=answer):
        sending(**to_port(port))


def test_a_final_no_to_the_address_is_final(sending):
    with mail_server(Sink(refused="550 No such user")) as port, pytest.raises(MailRefused):
        sending(**to_port(port))


def test_a_full_mailbox_is_worth_another_try(sending):
    with mail_server(Sink(refused="452 Mailbox full")) as port, pytest.raises(MailUnavailable):
        sending(**to_port(port))


def test_come_back_later_is_worth_another_try(sending):
    sink = Sink(answers=["451 Try again later"])

    with mail_server(sink) as port, pytest.raises(MailUnavailable, match="451"):
        sending(**to_port(port))


def test_a_failed_good_bye_does_not_undo_the_delivery(sending, monkeypatch):
    import smtplib

    def hang_up(self):
        raise smtplib.SMTPServerDisconnected("gone")

    sink = Sink()
    monkeypatch.setattr(smtplib.SMTP, "quit", hang_up)

    with mail_server(sink) as port:
        sending(**to_port(port))

    assert len(sink.letters) == 1


@pytest.mark.parametrize("server", [True, False])
@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "Hello\nBcc: everybody@example.org"},
        {"to": "sam@usc.edu.ph\r\nBcc: everybody@example.org"},
    ],
)
def test_a_line_break_in_a_header_is_refused_for_good(sending, changes, server):
    from dataclasses import replace

    sink = Sink()

    with mail_server(sink) as port, pytest.raises(MailRefused):
        sending(replace(LETTER, **changes), **(to_port(port) if server else {}))

    assert sink.letters == []


def test_without_a_mail_server_the_letter_is_kept_as_a_file(template_database, tmp_path):
    app = site.build_app(template_database, tmp_path)

    with app.app_context():
        mail.send(LETTER)
        mail.send(LETTER)
        names = mail_folder.letter_names()
        letter = mail_folder.read_letter(names[0])

    assert names == ["20261124-010000-message-1.eml"]  # the same letter is the same file
    assert letter.subject == "Your appointment is confirmed"
    assert letter.text.strip() == "Dear Sam Ñuñez"
    assert [part.filename for part in letter.parts] == ["appointment.ics"]
    assert (tmp_path / "mail").stat().st_mode & 0o077 == 0


def test_a_file_that_is_no_letter_is_not_read(template_database, tmp_path):
    app = site.build_app(template_database, tmp_path)
    folder = tmp_path / "mail"
    folder.mkdir()
    (tmp_path / "secret.eml").write_text("Subject: secret\n\n")
    (folder / "link.eml").symlink_to(tmp_path / "secret.eml")
    (folder / ".half").write_text("Subject: half\n\n")

    with app.app_context():
        found = [
            mail_folder.read_letter(name)
            for name in ("link.eml", ".half", "../secret.eml", "no.eml", "")
        ]

    assert found == [None] * 5
