/**
 * Proves that every rule of .dependency-cruiser.cjs can fire: for each case, a small tree with one deliberate
 * violation is written to a temporary folder, and the rule of that case has to be reported. The same tree
 * without violations has to be clean, so a rule that fires always is found as well.
 */
import { cruise } from 'dependency-cruiser';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const config = require('../.dependency-cruiser.cjs');

/** A tree that keeps every rule: each file is imported by another one. */
const CLEAN = {
  'package.json': JSON.stringify({
    type: 'module',
    dependencies: { semver: '1', typeorm: '1', openpgp: '1', fastify: '1', '@nestjs/common': '1' },
    devDependencies: { vitest: '1' },
  }),
  'tsconfig.json': '{"compilerOptions":{"module":"nodenext","moduleResolution":"nodenext"}}',
  'src/main.ts': `import './app.module.js';`,
  'src/app.module.ts': `import './modules/modules.module.js';\nimport './providers/providers.module.js';\nimport './mirror/mirrors.service.js';`,
  'src/kernel/version.ts': `import semver from 'semver';\nimport { createHash } from 'node:crypto';\nexport class Version { a = [semver, createHash]; }`,
  'src/config/server.config.ts': `import { Version } from '../kernel/version.js';\nexport class ServerConfig { v = Version; }`,
  'src/access/scope.ts': `import type { Version } from '../kernel/version.js';\nexport type Scope = Version;`,
  'src/platform/database/data-source.ts': `import 'typeorm';\nimport { ServerConfig } from '../../config/server.config.js';\nexport const dataSource = ServerConfig;`,
  'src/platform/http/filter.ts': `import 'fastify';\nimport type { Scope } from '../../access/scope.js';\nexport const filter: Scope[] = [];`,
  'src/storage/artifact-store.service.ts': `import { dataSource } from '../platform/database/data-source.js';\nexport const store = dataSource;`,
  'src/storage/adapters/local/local-store.ts': `import { store } from '../../artifact-store.service.js';\nexport const local = store;`,
  'src/storage/storage.module.ts': `import './adapters/local/local-store.js';`,
  'src/modules/domain/modules.errors.ts': `import { Version } from '../../kernel/version.js';\nexport const gone = Version;`,
  'src/modules/persistence/module.entity.ts': `import 'typeorm';\nimport type { gone } from '../domain/modules.errors.js';\nexport type Entity = typeof gone;`,
  'src/modules/catalog.service.ts': `import type { Entity } from './persistence/module.entity.js';\nimport { store } from '../storage/artifact-store.service.js';\nexport const catalog: Entity[] = [store];`,
  'src/modules/http/module.controller.ts': `import { catalog } from '../catalog.service.js';\nimport { filter } from '../../platform/http/filter.js';\nimport type {} from 'fastify';\nexport const routes = [catalog, filter];`,
  'src/modules/modules.module.ts': `import './http/module.controller.js';\nimport '../storage/storage.module.js';`,
  'src/providers/providers.module.ts': `import { store } from '../storage/artifact-store.service.js';\nexport const providers = store;`,
  'src/mirror/mirrors.service.ts': `import { providers } from '../providers/providers.module.js';\nexport const mirrors = providers;`,
};

/** Each case changes or adds files; the named rule has to fire for the file `from`. */
const CASES = [
  breaks('no-circular', 'src/storage/artifact-store.service.ts', `import './adapters/local/local-store.js';`),
  breaks('kernel-is-pure', 'src/kernel/version.ts', `import '@nestjs/common';`, 'a framework'),
  breaks('kernel-is-pure', 'src/kernel/version.ts', `import 'node:fs';`, 'I/O'),
  breaks('kernel-is-pure', 'src/kernel/version.ts', `import '../config/server.config.js';`, 'a higher layer'),
  breaks(
    'domain-is-pure',
    'src/modules/domain/modules.errors.ts',
    `import '../catalog.service.js';`,
    'a service',
  ),
  breaks('domain-is-pure', 'src/modules/domain/modules.errors.ts', `import 'semver';`, 'npm'),
  breaks('domain-is-pure', 'src/modules/domain/modules.errors.ts', `import 'node:fs/promises';`, 'I/O'),
  breaks(
    'domain-is-pure',
    'src/modules/domain/modules.errors.ts',
    `import type { ServerConfig } from '../../config/server.config.js';`,
    'type',
  ),
  breaks(
    'platform-knows-no-feature',
    'src/platform/http/filter.ts',
    `import '../../modules/catalog.service.js';`,
  ),
  breaks(
    'platform-knows-no-feature',
    'src/access/scope.ts',
    `import '../config/server.config.js';`,
    'access',
  ),
  breaks(
    'platform-knows-no-feature',
    'src/config/server.config.ts',
    `import '../access/scope.js';`,
    'config',
  ),
  breaks(
    'rooms-are-private',
    'src/mirror/mirrors.service.ts',
    `import type { Entity } from '../modules/persistence/module.entity.js';`,
  ),
  breaks(
    'rooms-are-private',
    'src/app.module.ts',
    `import './modules/http/module.controller.js';`,
    'the root',
  ),
  breaks(
    'rooms-are-private',
    'src/storage/artifact-store.service.ts',
    `import '../platform/documents/persistence/documents.repository.js';`,
    'platform',
    {
      'src/platform/documents/persistence/documents.repository.ts': `import 'typeorm';`,
    },
  ),
  breaks(
    'rooms-are-private',
    'src/platform/http/filter.ts',
    `import '../documents/persistence/documents.repository.js';`,
    'between platform folders',
    {
      'src/platform/documents/persistence/documents.repository.ts': `import 'typeorm';`,
    },
  ),
  breaks('services-do-not-see-http', 'src/modules/catalog.service.ts', `import './http/module.dto.js';`, '', {
    'src/modules/http/module.dto.ts': `import '../../kernel/version.js';`,
  }),
  breaks(
    'http-does-not-see-persistence',
    'src/modules/http/module.controller.ts',
    `import type { Entity } from '../persistence/module.entity.js';`,
  ),
  breaks(
    'adapters-only-through-the-module',
    'src/storage/sweep.service.ts',
    `import './adapters/local/local-store.js';`,
  ),
  ...[
    ['@aws-sdk/client-s3', 'src/storage/adapters/local/local-store.ts'],
    ['@azure/storage-blob', 'src/storage/adapters/local/local-store.ts'],
    ['@google-cloud/storage', 'src/storage/adapters/local/local-store.ts'],
    ['typeorm', 'src/modules/catalog.service.ts'],
    ['@nestjs/typeorm', 'src/modules/catalog.service.ts'],
    ['pg', 'src/modules/persistence/module.entity.ts'],
    ['openpgp', 'src/providers/providers.module.ts'],
    ['graphile-worker', 'src/platform/database/data-source.ts'],
    ['passport-jwt', 'src/platform/http/filter.ts'],
    ['preact', 'src/modules/http/module.controller.ts'],
    ['undici', 'src/mirror/mirrors.service.ts'],
    ['tar-stream', 'src/modules/catalog.service.ts'],
    ['markdown-it', 'src/modules/catalog.service.ts'],
    ['fastify', 'src/modules/catalog.service.ts'],
  ].map(([sdk, file]) => breaks('sdk-stays-home', file, `import type {} from '${sdk}';`, sdk)),
  breaks('feature-edges', 'src/providers/providers.module.ts', `import '../modules/catalog.service.js';`),
  breaks('feature-edges', 'src/storage/artifact-store.service.ts', `import '../app.module.js';`, 'the root'),
  breaks('feature-edges', 'src/app.module.ts', `import './utils/strings.js';`, 'a folder without a place', {
    'src/utils/strings.ts': `import '../kernel/version.js';`,
  }),
  breaks('no-orphans', 'src/kernel/left-over.ts', 'export const nothing = 0;'),
  breaks('not-to-dev-dep', 'src/main.ts', `import 'vitest';`),
  breaks('not-to-dev-dep', 'src/main.ts', `import 'not-in-package-json';`, 'unlisted'),
  breaks('not-to-dev-dep', 'src/main.ts', `import './nowhere.js';`, 'unresolved'),
  breaks('src-not-to-test', 'src/main.ts', `import '../test/support/fake.js';`, '', {
    'test/support/fake.ts': 'export const fake = 0;',
  }),
];

// prettier-ignore
const PACKAGES = [
  'semver', 'typeorm', 'openpgp', 'fastify', '@nestjs/common', '@nestjs/typeorm', 'vitest', 'pg', 'preact', 'undici',
  '@aws-sdk/client-s3', '@azure/storage-blob', '@google-cloud/storage', 'graphile-worker', 'passport-jwt',
  'tar-stream', 'markdown-it', 'not-in-package-json',
];

function breaks(name, from, line, what = '', more = {}) {
  return { name, from, what, files: { ...more, [from]: `${CLEAN[from] ?? ''}\n${line}\n` } };
}

function writeTree(directory, files) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
}

async function violationsOf(files) {
  const directory = mkdtempSync(join(tmpdir(), 'arch-selftest-'));
  try {
    writeTree(directory, files);
    for (const name of PACKAGES) {
      const manifest = JSON.stringify({ name, version: '1.0.0', main: 'index.js' });
      writeTree(join(directory, 'node_modules', name), {
        'package.json': manifest,
        'index.js': 'export default 0;',
      });
    }
    const options = { ...config.options, ruleSet: { forbidden: config.forbidden }, validate: true };
    const { output } = await cruise(['src'], { ...options, tsConfig: undefined, baseDir: directory });
    return output.summary.violations.map(({ rule, from, cycle = [] }) => ({
      name: rule.name,
      from,
      files: [from, ...cycle.map((part) => part.name)],
    }));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const problems = [];
for (const { name, from } of await violationsOf(CLEAN))
  problems.push(`${name} fires on a clean tree, at ${from}`);
for (const one of CASES) {
  const found = await violationsOf({ ...CLEAN, ...one.files });
  const fired = found.some((violation) => violation.name === one.name && violation.files.includes(one.from));
  const label = one.what === '' ? one.name : `${one.name} (${one.what})`;
  if (!fired) {
    const others = found.map((violation) => `${violation.name} at ${violation.from}`).join(', ');
    problems.push(`${label} does not fire for ${one.from}; found: ${others || 'nothing'}`);
  }
}
for (const name of new Set(config.forbidden.map((rule) => rule.name))) {
  if (!CASES.some((one) => one.name === name)) problems.push(`${name} has no case in this self-test`);
}
if (problems.length > 0) {
  console.error(
    `Import rules that protect nothing:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
  );
  process.exit(1);
}
console.log(
  `arch:selftest: ${CASES.length} violations planted, ${CASES.length} found; the clean tree is clean.`,
);
