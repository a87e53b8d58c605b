# Evenkeel, the sidecar. glibc is needed by the embedded ClickHouse, so no Alpine.
FROM node:20.20.2-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
COPY sdk/package.json sdk/package.json
RUN npm ci --ignore-scripts
COPY tsconfig*.json ./
COPY sdk sdk
COPY src src
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:20.20.2-bookworm-slim
ENV NODE_ENV=production EVENKEEL_DATA=/data
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/sdk sdk
COPY --from=build /app/dist dist
COPY bin bin
# Static files of the page and the migrations are read from the source tree.
COPY --from=build /app/src src
COPY demo demo
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 4317 4318
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:4318/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["bin/evenkeel"]
CMD ["serve"]
