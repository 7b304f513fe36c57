# Parley's server with its built-in voice.
#
#   docker build -t parley .
#   docker run -p 8000:8000 -v parley:/data -e PARLEY_PASSWORD=… -e PARLEY_PUBLIC_URL=https://… parley
#
# From inside a container nobody is "this machine": the operator's pages need PARLEY_PASSWORD.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /app

# The packages change less often than the code: their own layer.
COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock

COPY pyproject.toml README.md LICENSE NOTICE ./
COPY server ./server
COPY static ./static
COPY templates ./templates
RUN pip install --no-deps . \
    && useradd --system --uid 10001 --home-dir /data parley \
    && mkdir /data && chown parley /data && chmod 700 /data

# Started from /data, where .env may lie and the tape is kept; the code is installed, not here.
WORKDIR /data
USER parley
VOLUME /data
ENV PARLEY_HOST=0.0.0.0 \
    PARLEY_DATA_DIR=/data
EXPOSE 8000

HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as u; p = os.environ.get('PARLEY_PORT') or os.environ.get('PORT') or '8000'; u.urlopen(f'http://127.0.0.1:{p}/healthz', timeout=4)"]

# Stops within PARLEY_SHUTDOWN_GRACE (8 s), before Docker's ten seconds are over.
CMD ["parley", "serve"]
