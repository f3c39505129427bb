"""Without nginx its tests are left out, with a word; in CI `.ci/nginx` fails before."""

from tests.deploy.machine import NGINX

collect_ignore = [] if NGINX else ["test_nginx.py"]


def pytest_report_header() -> list[str]:
    """Said at the top, so that nobody takes a green run for more than it is."""
    return [] if NGINX else ["NO NGINX: tests/deploy/test_nginx.py IS NOT RUN (make nginx)"]
