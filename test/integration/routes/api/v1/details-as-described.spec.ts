import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aModule, moduleApiPath } from '../../../../support/factories/module.factory.js';
import { aProvider } from '../../../../support/factories/provider.factory.js';
import { TestApp } from '../../../../support/test-app.js';
import { TIME, UUID } from '../../support/expectations.js';

/** A field of the contract: `?` is left out without a value, `|null` is null then. */
interface Shape {
  readonly [field: string]: string | Shape;
}

interface Schema {
  readonly type?: string;
  readonly nullable?: boolean;
  readonly enum?: readonly string[];
  readonly $ref?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

/** `Deprecation & Life` of REST contract 4, and who published. */
const LIFE: Shape = {
  published_at: 'time',
  'published_by?': 'uuid',
  'published_by_name?': 'string',
  deprecated: 'boolean',
  'deprecated_at?': 'time',
  'deprecation_message?': 'string',
  'replacement?': 'string',
  state: 'state',
  'state_reason?': 'string',
};

/** What the details of REST contract 15 and 16 have in common. */
const DETAIL: Shape = {
  id: 'uuid',
  organization_id: 'uuid',
  organization_name: 'string',
  namespace: 'string',
  description: 'string|null',
  source: 'string|null',
  download_count: 'number',
  created_by: 'uuid|null',
  created_by_name: 'string|null',
  latest_version: 'string',
  created_at: 'time',
  updated_at: 'time',
};

const MODULE: Shape = {
  ...DETAIL,
  name: 'string',
  system: 'string',
  versions: {
    ...LIFE,
    id: 'uuid',
    version: 'string',
    size_bytes: 'number',
    checksum: 'digest',
    download_count: 'number',
    created_at: 'time',
    'commit_sha?': 'string',
    'tag_name?': 'string',
  },
};

const PROVIDER: Shape = {
  ...DETAIL,
  type: 'string',
  versions: {
    ...LIFE,
    id: 'uuid',
    version: 'string',
    protocols: 'strings',
    created_at: 'time',
    signed: 'boolean',
    platforms: {
      id: 'uuid',
      os: 'string',
      arch: 'string',
      filename: 'string',
      shasum: 'digest',
      size_bytes: 'number',
      download_count: 'number',
    },
  },
};

const STATES = ['active', 'quarantined', 'withdrawn'];
const DESCRIBED_AS: Readonly<Record<string, string>> = {
  number: 'number',
  boolean: 'boolean',
  strings: 'array',
};
const VALUES: Readonly<Record<string, (value: unknown) => boolean>> = {
  uuid: (value) => UUID.test(String(value)),
  time: (value) => TIME.test(String(value)),
  digest: (value) => /^[0-9a-f]{64}$/.test(String(value)),
  state: (value) => STATES.includes(String(value)),
  string: (value) => typeof value === 'string',
  number: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  strings: (value) => Array.isArray(value) && value.every((one) => typeof one === 'string'),
};

/** The committed description; another test holds it against the built application. */
const document = JSON.parse(
  readFileSync(resolve(import.meta.dirname, '../../../../../docs/reference/openapi.json'), 'utf8'),
) as {
  paths: Record<
    string,
    Record<string, { responses: Record<string, { content: Record<string, { schema: Schema }> }> }>
  >;
  components: { schemas: Record<string, Schema> };
};

const resolved = (schema: Schema): Schema =>
  schema.$ref === undefined ? schema : document.components.schemas[schema.$ref.split('/').at(-1)!]!;

/** What the description of an object does not say as the contract does. */
function undescribed(shape: Shape, schema: Schema, path: string): string[] {
  const { properties = {}, required = [] } = resolved(schema);
  return Object.entries(shape).flatMap(([written, kind]) => {
    const name = written.replace('?', '');
    const place = `${path}.${name}`;
    const found = properties[name];
    if (found === undefined) return [`${place} is missing`];
    const isRequired = !written.endsWith('?');
    if (required.includes(name) !== isRequired) return [`${place} is ${isRequired ? 'not ' : ''}required`];
    if (typeof kind !== 'string') {
      if (found.type !== 'array' || found.items === undefined) return [`${place} is no array`];
      return undescribed(kind, found.items, place);
    }
    const [plain = '', orNull] = kind.split('|');
    const type = DESCRIBED_AS[plain] ?? 'string';
    return [
      ...(found.type === type ? [] : [`${place} is ${String(found.type)}, not ${type}`]),
      ...((found.nullable ?? false) === (orNull !== undefined)
        ? []
        : [`${place} may wrongly be null or not`]),
      ...(plain === 'state' && found.enum?.join() !== STATES.join() ? [`${place} has other values`] : []),
    ];
  });
}

/** What an answer does not have as the contract says. With `all` every optional field must be there too. */
function unanswered(
  shape: Shape,
  value: Record<string, unknown>,
  path: string,
  all: readonly string[],
): string[] {
  return Object.entries(shape).flatMap(([written, kind]) => {
    const name = written.replace('?', '');
    const place = `${path}.${name}`;
    const found = value[name];
    if (found === undefined)
      return written.endsWith('?') && !all.includes(name) ? [] : [`${place} is missing`];
    if (typeof kind !== 'string') {
      const items = found as Record<string, unknown>[];
      return items.length === 0
        ? [`${place} is empty`]
        : items.flatMap((item, index) => unanswered(kind, item, `${place}[${index}]`, all));
    }
    const [plain = '', orNull] = kind.split('|');
    if (found === null && orNull !== undefined) return [];
    return VALUES[plain]!(found) ? [] : [`${place} is ${JSON.stringify(found)}, not ${plain}`];
  });
}

const schemaOf = (path: string): Schema =>
  document.paths[path]!['get']!.responses['200']!.content['application/json']!.schema;

const MARKED = [
  'published_by',
  'published_by_name',
  'deprecated_at',
  'deprecation_message',
  'replacement',
  'state_reason',
];

describe.each([
  ['module', MODULE, '/api/v1/modules/{namespace}/{name}/{system}', 'registry_modules', 'module'],
  ['provider', PROVIDER, '/api/v1/providers/{namespace}/{type}', 'registry_providers', 'provider'],
] as const)('the detail of a %s', (kind, shape, described, table, column) => {
  let app: TestApp;
  let path: string;

  beforeAll(async () => {
    app = await TestApp.start({ TFR_DOCUMENTATION_AT_PUBLISH: 'true' });
    if (kind === 'module') {
      const module = aModule({ namespace: 'shown' });
      expect((await app.publishModule(module)).status).toBe(201);
      path = moduleApiPath(module);
    } else {
      const provider = aProvider({ namespace: 'shown' });
      expect((await app.publishProvider(provider)).status).toBe(201);
      path = `/api/v1/providers/shown/${provider.type}`;
    }
  });
  afterAll(() => app?.stop());

  it('is described with every field of the contract, its type, and whether it may be left out or null', () => {
    expect(undescribed(shape, schemaOf(described), kind)).toEqual([]);
  });

  it('has in answers every field of the contract', async () => {
    const answer = await app.request(path);
    expect(answer.status).toBe(200);
    expect(unanswered(shape, answer.json(), kind, [])).toEqual([]);
  });

  it('has the optional ones as soon as they have a value', async () => {
    const [user] = await app.query<{ id: string }>(
      `INSERT INTO users (email, name) VALUES ('publisher@example.com', 'Publisher') RETURNING id`,
    );
    await app.query(`UPDATE ${table} SET description = 'What it is', source = 'https://example.com/source'`);
    await app.query(
      `UPDATE ${column}_versions SET published_by = $1, published_by_name = 'Publisher', deprecated_at = now(),
         deprecation_message = 'Too old', replacement = 'shown/other', state = 'withdrawn', state_reason = 'Leaks',
         withdraw_mode = 'hide', withdraw_reason = 'Leaks'`,
      [user!.id],
    );
    const answer = await app.request(path);
    expect(unanswered(shape, answer.json(), kind, MARKED)).toEqual([]);
    expect(answer.json()).toMatchObject({ description: 'What it is', latest_version: '' });
  });
});
