# USC-PIS as an image: one for web, worker, relay and commands (compose.yaml). Build:
#   docker build -t uscpis .
# The bases are pinned by tag. A digest (FROM image@sha256:...) pins harder; `docker buildx
# imagetools inspect python:3.11-slim-bookworm` shows it, and whoever builds for patients adds it.

FROM node:22-bookworm-slim AS assets
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund --omit=dev

FROM python:3.11-slim-bookworm AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY requirements.txt ./
# Only what was locked, with its hash (EVD-04); ready packages only, so no compiler is needed.
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --require-hashes --only-binary=:all: -r requirements.txt

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="USC-PIS" \
      org.opencontainers.image.description="Patient information system of a university clinic"
# A fixed number, so that folders of the host can be given to it.
RUN groupadd --system --gid 10001 uscpis \
    && useradd --system --uid 10001 --gid uscpis --home-dir /var/lib/uscpis --shell /usr/sbin/nologin uscpis \
    && install -d -m 0750 -o uscpis -g uscpis /var/lib/uscpis /var/lib/uscpis-keys /var/backups/uscpis
COPY --from=packages /opt/venv /opt/venv
WORKDIR /opt/uscpis
COPY wsgi.py ./
COPY app app
COPY config config
COPY migrations migrations
COPY portal portal
COPY worker worker
COPY --from=assets /build/node_modules node_modules
# Copies the front-end files that we serve, after checking their hashes.
RUN /opt/venv/bin/python -m config.vendor_assets && rm -rf node_modules

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FLASK_APP=wsgi \
    HOST=0.0.0.0 \
    PORT=8000 \
    USCPIS_ENV=production \
    USCPIS_HOME=/var/lib/uscpis \
    KEYS_FOLDER=/var/lib/uscpis-keys \
    BACKUP_FOLDER=/var/backups/uscpis
USER 10001:10001
EXPOSE 8000
VOLUME ["/var/lib/uscpis", "/var/lib/uscpis-keys", "/var/backups/uscpis"]
STOPSIGNAL SIGTERM
# Healthy means: it answers and reaches the database. Worker and relay switch this off (compose).
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os,urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=4)"]
CMD ["gunicorn", "-c", "config/gunicorn.py", "wsgi:app"]
