FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# With optional packages: the compiler's binary is one. --ignore-scripts: "prepare" would build before the source is here.
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts
COPY nest-cli.json tsconfig.json tsconfig.build.json .swcrc ./
COPY src ./src
RUN npm run build && chmod +x dist/cli.js

FROM node:24-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without optional packages: they carry Node for hosts with an older one, and the image has its own.
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:24-bookworm-slim
ARG VERSION=development
ARG REVISION=unknown
LABEL org.opencontainers.image.title="enricher" \
      org.opencontainers.image.description="Answers Emailgistics webhooks with actions that your JSON rules decide over message, sender and CRM record" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /app
# The application belongs to root; the service, as "node", may write to ./data only.
RUN install --directory --owner=node --group=node data && ln -s /app/dist/cli.js /usr/local/bin/enricher
COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY rules ./rules
COPY config ./config
COPY connectors ./connectors
COPY samples ./samples
COPY --from=build /app/dist ./dist
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["node", "dist/cli.js", "healthcheck"]
CMD ["node", "dist/cli.js", "start"]
