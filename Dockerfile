# The operator: one image, one subcommand a role (manager, collector, sampler, judge, profile, fetch).
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
COPY trainer-image/package.json trainer-image/
RUN npm ci --ignore-scripts --workspaces=false
COPY src src
COPY hack/bundle.ts hack/undici.cjs hack/
RUN node hack/bundle.ts src/main.ts /app
# Files that the collector serves as they are, beside the bundle as they are beside its source.
RUN cp -r src/collector/rating-page /app/
# DuckDB is a native add-on: it stays outside the bundle and only the profile role loads it.
RUN mkdir -p /app/node_modules/@duckdb && cp -r node_modules/@duckdb/. /app/node_modules/@duckdb/

FROM node:24-bookworm-slim
COPY --from=build /app /app
USER 1000:1000
ENV NODE_ENV=production
ENTRYPOINT ["node", "/app/main.js"]
