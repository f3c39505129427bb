"""What `make run` keeps in the data folder, and what it checks before it starts."""

import os
import socket
import stat

import pytest

from app.infra.local.errors import CannotStart
from app.infra.local.folders import (
    LOGS_KEPT,
    check_address_free,
    kept_secret,
    last_lines,
    lock_folder,
    private_folder,
    rotate_log,
    trim_log,
)
from app.infra.local.site import Choices


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_generated_password_is_kept_for_the_next_start(tmp_path):
    made = kept_secret(tmp_path / "demo-password", length=16)

    again = kept_secret(tmp_path / "demo-password", length=16)

    assert made == again
    assert len(made) == 16


def test_only_we_can_read_a_kept_secret(tmp_path):
    kept_secret(tmp_path / "secret-key")

    assert mode_of(tmp_path / "secret-key") == 0o600


def test_a_given_secret_is_used_and_not_written_down(tmp_path):
    given = kept_secret(tmp_path / "secret-key", "chosen by the clinic")

    assert given == "chosen by the clinic"
    assert not (tmp_path / "secret-key").exists()


def test_a_new_data_folder_shows_nobody_what_it_holds(tmp_path):
    folder = private_folder(tmp_path / "var")

    assert mode_of(folder) & 0o066 == 0


def test_an_existing_data_folder_keeps_its_rights(tmp_path):
    (tmp_path / "var").mkdir(mode=0o750)

    folder = private_folder(tmp_path / "var")

    assert mode_of(folder) == 0o750


def test_older_logs_are_numbered_and_the_oldest_dropped(tmp_path):
    log = tmp_path / "web.log"

    for start in range(LOGS_KEPT + 3):
        rotate_log(log)
        log.write_text(f"start {start}")
    rotate_log(log)

    kept = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert kept["web.log.1"] == "start 7"
    assert len(kept) == LOGS_KEPT


def test_a_log_that_grows_too_long_keeps_only_its_end(tmp_path):
    log = tmp_path / "web.log"

    with log.open("ab") as writer:
        writer.write(b"a" * 900 + b"z" * 200)
        writer.flush()
        trim_log(log, limit=1000)
        writer.write(b"next line")

    assert log.read_bytes() == b"next line"
    assert log.with_name("web.log.1").read_bytes() == b"a" * 300 + b"z" * 200


def test_the_end_of_a_missing_log_is_empty(tmp_path):
    assert last_lines(tmp_path / "web.log") == ""


def test_a_second_run_on_the_data_folder_is_refused_with_its_process(tmp_path):
    lock = lock_folder(tmp_path)

    with pytest.raises(CannotStart, match=f"already running .* as process {os.getpid()}"):
        lock_folder(tmp_path)

    os.close(lock)


def test_a_data_folder_is_free_again_when_its_run_has_ended(tmp_path):
    os.close(lock_folder(tmp_path))

    lock = lock_folder(tmp_path)

    os.close(lock)
    assert (tmp_path / "run.lock").read_text() == str(os.getpid())


def test_children_that_outlive_a_killed_run_keep_the_data_folder(tmp_path):
    lock = lock_folder(tmp_path)
    ended = os.fork()
    if not ended:
        os._exit(0)
    os.waitpid(ended, 0)
    (tmp_path / "run.lock").write_text(str(ended))

    with pytest.raises(CannotStart, match="Processes of an earlier run"):
        lock_folder(tmp_path, patience=0)

    os.close(lock)


def test_a_free_port_is_accepted():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    assert check_address_free("127.0.0.1", port) is None


def test_a_taken_port_is_named_in_the_refusal():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        with pytest.raises(CannotStart, match=f"Port {port} on 127.0.0.1 is already in use"):
            check_address_free("127.0.0.1", port)


def test_a_host_that_is_no_address_is_refused():
    with pytest.raises(CannotStart, match=r"HOST=no\.such\.host\.invalid is not an address"):
        check_address_free("no.such.host.invalid", 8000)


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(CannotStart, match=r"cannot listen on 192\.0\.2\.1"):
        check_address_free("192.0.2.1", 8000)


@pytest.mark.parametrize("port", ["eighty", "0", "65536", "-1", "80.5"])
def test_a_port_that_is_none_is_refused(port):
    with pytest.raises(CannotStart, match="is not a port number"):
        Choices.read({"PORT": port})


def test_without_any_choice_the_site_is_local_and_has_demo_accounts():
    choices = Choices.read({})

    assert (choices.host, choices.port, choices.demo) == ("127.0.0.1", 8000, True)
    assert choices.home.name == "var"


def test_production_has_no_demo_accounts_unless_asked_and_then_the_settings_refuse():
    quiet = Choices.read({"USCPIS_ENV": "production"})
    asked = Choices.read({"USCPIS_ENV": "production", "USCPIS_DEMO": "yes"})

    assert (quiet.demo, asked.demo) == (False, True)
