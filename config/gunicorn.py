"""The web server's settings (gunicorn -c config/gunicorn.py wsgi:app)."""

import os

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_WORKERS", "2"))
# gthread: a client that keeps its connection open would hold a sync worker for two seconds.
# Our views keep their filters per request, so threads are safe (docs/adr/0003).
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS", "2"))
timeout = 60
graceful_timeout = 20
keepalive = 5
# Workers are replaced now and then, so that a slow leak never becomes an outage.
max_requests = 20_000
max_requests_jitter = 2_000
control_socket_disable = True
accesslog = None
errorlog = "-"
limit_request_line = 8190
