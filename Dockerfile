# syntax=docker/dockerfile:1

FROM node:26-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund --omit=optional --ignore-scripts
COPY . .
RUN node scripts/build.mjs --force

# What runs: no compiler, no tests, no bundled PostgreSQL, no second Node.
FROM node:26-slim AS install
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund --omit=dev --omit=optional --ignore-scripts && npm cache clean --force

FROM node:26-slim
ENV NODE_ENV=production
# docs/operate/memory.md
ENV NODE_OPTIONS="--max-semi-space-size=4 --max-old-space-size=512"
WORKDIR /app
RUN install -d -o node -g node /app/data /app/storage
COPY --from=install /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
USER node
EXPOSE 8080 9090
VOLUME ["/app/data", "/app/storage"]
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "const tls = /^(1|true)$/i.test(process.env.TFR_SECURITY_TLS_ENABLED ?? ''); process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'; fetch(`http${tls ? 's' : ''}://127.0.0.1:${process.env.TFR_SERVER_PORT || 8080}/ready`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/src/main.js"]
