#   docker build -t belfry .
#   docker run --rm -p 127.0.0.1:8080:8080 -p 127.0.0.1:1883:1883 -v belfry-data:/data belfry
#
# Everything is configured by the environment (see .env.example). With your own routers, services
# and so on, an image is two lines more; they may `import … from 'belfry'`:
#
#   FROM belfry
#   COPY --chown=node:node app/ /app/custom/
#   ENV BELFRY_APP=/app/custom

FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# Optional are Firestore and Cloud Storage of firebase-admin, which nothing here calls; nobody reads
# source maps. Both are a third of the modules.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund \
  && find node_modules -name '*.map' -delete

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build

FROM node:24-slim
# Reachable from outside the container, so authentication is on: the first start prints an API key
# unless BELFRY_ADMIN_KEY gives one.
ENV NODE_ENV=production \
    HTTP_HOST=0.0.0.0 \
    MQTT_HOST=0.0.0.0 \
    DATA_DIR=/data
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
# An application in a folder below finds the package by its name, and gets this very copy of it.
# `docker exec <container> belfry …` is the command line.
RUN ln -s .. node_modules/belfry && ln -s /app/bin/belfry.js /usr/local/bin/belfry \
  && install -d -o node -g node /data
COPY package.json LICENSE THIRD-PARTY-LICENSES.md ./
COPY bin ./bin
COPY starter ./starter
COPY deploy/healthcheck.js ./deploy/healthcheck.js
COPY --from=build /app/build ./build
USER node
VOLUME /data
EXPOSE 8080 1883
# The service stops itself within SHUTDOWN_SECONDS (5); docker stop waits for 10.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "/app/deploy/healthcheck.js"]
# Not through npm or a shell: Node is the process that gets the signal. Paths from the root: another
# working directory does no harm.
ENTRYPOINT ["node", "/app/bin/belfry.js"]
CMD ["start"]
