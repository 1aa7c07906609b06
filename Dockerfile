# syntax=docker/dockerfile:1
# The gateway and the consumer: docker build --target gateway . and docker build --target consumer .
FROM node:24-slim AS base
WORKDIR /app
ENV NODE_ENV=production
COPY package.json package-lock.json ./
# No package of production needs an install script.
RUN npm ci --omit=dev --ignore-scripts
COPY cli cli
COPY client client
COPY contract contract
COPY protocol protocol
COPY environment environment
COPY storage storage
COPY kafka kafka
COPY consumer consumer
# The project: its contract names the topics, and its handlers do the work.
COPY wrangler.toml wrangler.toml
COPY app app
RUN mkdir /data && chown node:node /data
VOLUME /data
# At SIGTERM both finish what they have begun, then end.
STOPSIGNAL SIGTERM

FROM base AS gateway
COPY gateway gateway
ENV GATEWAY_HOST=0.0.0.0 GATEWAY_DATA_DIR=/data
EXPOSE 8788
USER node
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
  CMD node -e "fetch('http://127.0.0.1:8788/health').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"
CMD ["node", "--conditions=@rejoinder/source", "cli/run.js", "gateway"]

FROM base AS consumer
# Handlers that do steps by once() keep their results there.
ENV CONSUMER_DATA_DIR=/data
USER node
CMD ["node", "--conditions=@rejoinder/source", "cli/run.js", "consumer"]
