# The app as a container: an ordinary user, no compiler, data in /data. See docs/deploy.md.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE streamlit_app.py ./
COPY .streamlit .streamlit
COPY explorer explorer
COPY forecasting forecasting
COPY sources sources
RUN python -m venv /opt/undersaid \
    && /opt/undersaid/bin/python -m pip install --no-cache-dir -c constraints.txt ".[report]"

FROM python:3.11-slim-bookworm
RUN apt-get update && apt-get install -y --no-install-recommends fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 undersaid \
    && install -d -o undersaid /data
COPY --from=build /opt/undersaid /opt/undersaid
ENV PATH=/opt/undersaid/bin:$PATH OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1 XDG_CACHE_HOME=/data/cache
USER undersaid
WORKDIR /data
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=2)"]
CMD ["undersaid", "app", "--no-browser", "--address", "0.0.0.0"]
