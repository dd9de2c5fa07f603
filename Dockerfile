# Two stages: one with the tools that install, one with what runs.
FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements.txt .
RUN /opt/venv/bin/pip install -r requirements.txt

FROM python:3.12-slim
# pg_dump, pg_restore and psql: for backups of the PostgreSQL that compose.yaml starts.
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /app orders && install -d -o orders /data
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data
WORKDIR /app
COPY --from=build /opt/venv /opt/venv
COPY . .
# The folder first: its presence switches the settings to fingerprinted names.
RUN mkdir staticfiles && SECRET_KEY=build python manage.py collectstatic --no-input --verbosity 0
USER orders
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "orders_project.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", \
     "--workers", "2", "--threads", "8", "--graceful-timeout", "20", "--keep-alive", "30", \
     "--log-level", "warning", "--no-control-socket", "--forwarded-allow-ips", ""]
