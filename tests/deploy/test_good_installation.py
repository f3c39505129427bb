"""An installation by the guide has nothing wrong, says the installation itself (BAK-01, EVD-02)."""

from pathlib import Path

from app.factory import create_app
from app.infra.local.postgres import SCRATCH, SITE, PostgresServer
from config.settings import read_settings
from tests import site
from tests.deploy.guided import guided_cluster, guided_redis

PASSWORD = "a quiet morning at the clinic"
ADMIN = (
    *("--id", "STAFF001", "--first-name", "Ana", "--last-name", "Reyes"),
    *("--email", "ana@usc.edu.ph", "--password-stdin"),
)
FIRST_START = (("deploy",), ("keys", "create"), ("backup-keys", "new"), ("create-admin", *ADMIN))


def settings_of_the_guide(server: PostgresServer, queue: str, folder: Path) -> dict[str, str]:
    """As in deploy/uscpis.env and owner.env, with a bucket as the second place."""
    return {
        "USCPIS_ENV": "production",
        "SECRET_KEY": "b3tN0k2VxQ8sLw5rYh7mZd1cFg9pJa4eUo6i",
        "DATABASE_URL": server.url_as(SITE),
        "DATABASE_OWNER_URL": server.url(),
        "BACKUP_SCRATCH_DATABASE_URL": server.url_as(SCRATCH),
        "REDIS_URL": queue,
        "USCPIS_HOME": str(folder / "home"),
        "KEYS_FOLDER": str(folder / "keys"),
        "PUBLIC_URL": "https://clinic.example.edu",
        "TRUSTED_PROXIES": "1",
        "MAIL_SERVER": "smtp.example.edu",
        "MAIL_USE_TLS": "true",
        "BACKUP_S3_BUCKET": "clinic-backups",
        "PING_URL": "https://ping.example.edu/clinic",
        "LOG_LEVEL": "WARNING",
    }


def test_an_installation_by_the_guide_has_nothing_wrong(tmp_path):
    for name in ("postgres", "redis"):
        (tmp_path / name).mkdir()
    queue_folder = tmp_path / "redis"
    with guided_cluster(tmp_path / "postgres") as server, guided_redis(queue_folder) as queue:
        app = create_app(read_settings(settings_of_the_guide(server, queue, tmp_path)))
        run = app.test_cli_runner().invoke

        for words in FIRST_START:
            said = run(args=["clinic", *words], input=f"{PASSWORD}\n")
            assert said.exit_code == 0, said.output
        answer = run(args=["clinic", "check-deployment", "--offline"])
        with app.app_context():
            site.db.session.remove()
            site.db.engine.dispose()

    assert answer.exit_code == 0, answer.output
    assert "WRONG" not in answer.output
    advice = {
        line.split()[1].rstrip(":") for line in answer.output.splitlines() if "ADVICE" in line
    }
    assert advice <= {"archive-mode", "root"}  # the log is archived by another page of the guide
