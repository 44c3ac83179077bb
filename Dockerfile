# syntax=docker/dockerfile:1.7
#
# docker build -t copydesk .
# docker run --rm -p 127.0.0.1:8000:8000 -v copydesk:/var/lib/copydesk copydesk
#
# One binary on Debian; the data and the keys in the volume /var/lib/copydesk; no root, no default password.
# docker-compose.yml runs it with PostgreSQL and TLS.

# The explorer's bundler needs Node.js 20.19 or later; Debian 12 has 18.
FROM node:22-bookworm-slim AS node

FROM rust:1.95-bookworm AS build
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules/npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && npm --version

# For the assembly of what makes AVIF.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends nasm \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /src
COPY . .
# What was downloaded and compiled stays in BuildKit's caches from one build to the next, and out of the image. A cache
# is no layer, so the binary is copied out of it before the step ends.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/usr/local/cargo/git,sharing=locked \
    --mount=type=cache,target=/root/.npm,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --release --locked --bin copydesk \
    && install -D target/release/copydesk /out/copydesk

# The same Debian as the builder's, so that the binary meets the C library it was linked against.
FROM debian:bookworm-slim AS runtime

LABEL org.opencontainers.image.title="Copydesk" \
      org.opencontainers.image.description="A GraphQL headless CMS backend for publishers" \
      org.opencontainers.image.licenses="Apache-2.0"

# For HTTPS to other hosts; nothing else is added to what an attacker would find.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*

# A fixed number, so that files in a volume belong to the same user in every image. A new named volume takes over the
# owner and mode of the folder that it is mounted on: hence `keys`, which may be a volume of its own.
RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/copydesk --no-create-home \
        --shell /usr/sbin/nologin copydesk \
    && install --directory --owner=copydesk --group=copydesk --mode=0700 \
        /var/lib/copydesk /var/lib/copydesk/keys

# Asks the server whether it is ready. Debian brings bash, which opens the connection itself: no curl in the image.
COPY --chmod=755 <<'SCRIPT' /usr/local/bin/copydesk-ready
#!/bin/bash
set -euo pipefail
exec 3<>"/dev/tcp/127.0.0.1/${COPYDESK_LISTEN##*:}"
printf 'GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -r _ status _ <&3
cat <&3 >/dev/null
[[ "$status" == 200 ]]
SCRIPT

COPY --from=build /out/copydesk /usr/local/bin/copydesk
COPY LICENSE /usr/share/doc/copydesk/LICENSE

# Inside a container, loopback is the container's own: the port is published, or not, by who runs it.
ENV COPYDESK_LISTEN=0.0.0.0:8000 \
    COPYDESK_DATA_DIR=/var/lib/copydesk

USER copydesk
WORKDIR /var/lib/copydesk
VOLUME /var/lib/copydesk
EXPOSE 8000

HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --start-interval=1s --retries=3 \
    CMD ["copydesk-ready"]

ENTRYPOINT ["copydesk"]
CMD ["serve"]
