import { createHash, randomBytes } from 'node:crypto';
import { tarFile, tarGz } from '../test/support/archives/tar-builder.js';
import { buildZip } from '../test/support/archives/zip-builder.js';
import { type Answer, request } from '../test/support/http-request.js';
import { publishModule, publishProvider } from '../test/support/publish-client.js';
import { hideNamespace } from './data-set.js';
import { requestBytes } from './http-load.js';
import type { BenchServers } from './servers.js';
import type { RequestKind, TimingQuestion } from './timing-sampling.js';

const PREFIX = 'tfr_';
const RANDOM_BYTES = 28;
const CHECKSUM_BYTES = 4;
const SHOWN_CHARACTERS = 10;
const LEAN = { 'X-Terraform-Version': '1.11.4' };
const KEYS = 20;
/** Equally long, so that requests and answers are. */
const HIDDEN = 'hidden-away';
const ABSENT = 'absent-here';
const EMAIL = 'known@example.com';
const UNKNOWN_EMAIL = 'never@example.com';
const PASSWORD = 'TEST ONLY pass phrase';

/** The settings under which the questions are asked: a private registry of several organizations in which an account does not lock too soon. */
export const TIMING_SETTINGS = {
  TFR_MULTI_TENANCY_ENABLED: 'true',
  TFR_AUTH_ANONYMOUS_READ: 'false',
  TFR_AUTH_LOCAL_MAX_FAILURES: '1000',
  TFR_SETUP_ADMIN_EMAIL: EMAIL,
  TFR_SETUP_ADMIN_PASSWORD: PASSWORD,
} as const;

/** How many requests of each kind are measured; sign-ins are slow, and accounts lock after a thousand failures. */
export interface SampleSizes {
  readonly ordinary: number;
  readonly signIn: number;
}

/** Prepares a registry and says what is to be measured (threats A2 and C7). */
export async function timingQuestions(servers: BenchServers, sizes: SampleSizes): Promise<TimingQuestion[]> {
  await publishHidden(servers);
  const issued = await issueKeys(servers, 2 * KEYS);
  const [live, revoked] = [issued.slice(0, KEYS), issued.slice(KEYS)];
  await servers.stopRegistry();
  const database = await servers.connectDatabase();
  await hideNamespace(database, HIDDEN);
  await database.query(`INSERT INTO organizations (name, display_name) VALUES ('strangers', 'strangers')`);
  const prefixes = revoked.map((key) => key.slice(0, SHOWN_CHARACTERS));
  await database.query('UPDATE api_keys SET revoked_at = now() WHERE key_prefix = ANY($1)', [prefixes]);
  await database.end();
  await servers.startRegistry();
  await readHidden(servers);
  return [
    {
      id: 'keys',
      name: 'API keys that are refused',
      status: 401,
      samples: sizes.ordinary,
      kinds: [
        keyKind('unknown', () => keyOf(randomBytes(RANDOM_BYTES))),
        keyKind('wrong in the last byte', (index) => almost(live[index]!)),
        keyKind('revoked', (index) => revoked[index]!),
      ],
    },
    ...existenceQuestions(readingKey(servers, 'strangers'), sizes.ordinary),
    {
      id: 'sign-in',
      name: 'sign-ins that are refused',
      status: 401,
      samples: sizes.signIn,
      kinds: [
        { name: 'unknown address', requests: [signIn(servers, UNKNOWN_EMAIL)] },
        { name: 'wrong password', requests: [signIn(servers, EMAIL)] },
      ],
    },
  ];
}

/** What exists and is hidden, and what does not exist, in the same namespace and in one that is nobody's. */
function existenceQuestions(key: string, samples: number): TimingQuestion[] {
  const authorization = { Authorization: `Bearer ${key}` };
  const callers: [string, number, Record<string, string>][] = [
    ['a key without the right', 404, { ...LEAN, ...authorization }],
    ['nobody', 401, LEAN],
  ];
  const found = pathsIn(HIDDEN, 'network', 'cloud');
  const ofLean = callers.flatMap(([who, status, headers]) =>
    (Object.keys(found) as (keyof typeof found)[]).map((what): TimingQuestion => {
      const path = (...address: Parameters<typeof pathsIn>) => [
        requestBytes(pathsIn(...address)[what], headers),
      ];
      return {
        id: `${what} ${status}`,
        name: `${what}, asked for by ${who}`,
        status,
        samples,
        kinds: [
          { name: 'hidden', requests: path(HIDDEN, 'network', 'cloud') },
          { name: 'absent beside it', requests: path(HIDDEN, 'nothing', 'cloth') },
          { name: 'absent namespace', requests: path(ABSENT, 'network', 'cloud') },
        ],
      };
    }),
  );
  return ofLean;
}

/** What a CLI asks for, and a page. */
function pathsIn(namespace: string, module: string, provider: string) {
  return {
    'module versions': `/v1/modules/${namespace}/${module}/aws/versions`,
    'module download': `/v1/modules/${namespace}/${module}/aws/1.0.0/download`,
    'provider versions': `/v1/providers/${namespace}/${provider}/versions`,
    'provider download': `/v1/providers/${namespace}/${provider}/1.0.0/download/linux/amd64`,
    'module page': `/api/v1/modules/${namespace}/${module}/aws`,
  };
}

async function publishHidden(servers: BenchServers): Promise<void> {
  const call = { url: servers.url, key: newKey(servers, 'modules:write,providers:write') };
  const version = { namespace: HIDDEN, version: '1.0.0' };
  const archive = tarGz([tarFile('main.tf', '# hidden\n')]);
  expectStatus(201, await publishModule(call, { ...version, name: 'network', archive }));
  const program = { name: 'terraform-provider-cloud_v1.0.0', content: randomBytes(500), mode: 0o100755 };
  expectStatus(201, await publishProvider(call, { ...version, type: 'cloud', file: buildZip([program]) }));
}

/** What somebody read who may is held in memory: the case in which what is absent differs most from it. */
async function readHidden(servers: BenchServers): Promise<void> {
  const key = readingKey(servers, 'hidden');
  const headers = { ...LEAN, authorization: `Bearer ${key}` };
  for (const path of Object.values(pathsIn(HIDDEN, 'network', 'cloud'))) {
    const { status } = await request(`${servers.url}${path}`, { headers });
    if (status >= 300) throw new Error(`${path} answered ${status}`);
  }
}

/** Keys of the administrator. */
async function issueKeys(servers: BenchServers, count: number): Promise<string[]> {
  const signedIn = await post(servers, '/api/v1/auth/local/login', { email: EMAIL, password: PASSWORD });
  const cookie = signedIn.headers['set-cookie']!.map((line) => line.split(';')[0]).join('; ');
  const authorization = `Bearer ${signedIn.json<{ token: string }>().token}`;
  const keys: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const wanted = { name: `bench ${index}`, scopes: ['modules:read', 'providers:read'] };
    const answer = await post(servers, '/api/v1/apikeys', wanted, { cookie, authorization });
    keys.push(answer.json<{ key: string }>().key);
  }
  return keys;
}

async function post(
  servers: BenchServers,
  path: string,
  json: object,
  more: Record<string, string> = {},
): Promise<Answer> {
  const headers = { 'content-type': 'application/json', ...more };
  const answer = await request(`${servers.url}${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(json),
  });
  if (answer.status >= 300) throw new Error(`${path} answered ${answer.status}: ${answer.body.toString()}`);
  return answer;
}

const readingKey = (servers: BenchServers, organization: string): string =>
  newKey(servers, 'modules:read,providers:read', '--organization', organization);

function newKey(servers: BenchServers, scopes: string, ...more: string[]): string {
  const printed = servers.command('keys', 'create', '--name', 'bench', '--scopes', scopes, ...more);
  const key = /tfr_[A-Za-z0-9_-]{43}/.exec(printed)?.[0];
  if (key === undefined) throw new Error('The command printed no key');
  return key;
}

function keyKind(name: string, keyAt: (index: number) => string): RequestKind {
  const keys = Array.from({ length: KEYS }, (_, index) => keyAt(index));
  return {
    name,
    requests: keys.map((key) => requestBytes('/api/v1/apikeys', { Authorization: `Bearer ${key}` })),
  };
}

/** A well-formed key of these random bytes. */
function keyOf(random: Buffer): string {
  const checksum = createHash('sha256').update(PREFIX).update(random).digest().subarray(0, CHECKSUM_BYTES);
  return PREFIX + Buffer.concat([random, checksum]).toString('base64url');
}

/** A well-formed key that differs from `key` in its last random byte alone. */
function almost(key: string): string {
  const random = Buffer.from(key.slice(PREFIX.length), 'base64url').subarray(0, RANDOM_BYTES);
  random[RANDOM_BYTES - 1]! ^= 1;
  return keyOf(random);
}

function signIn({ url }: BenchServers, email: string): Buffer {
  const body = JSON.stringify({ email, password: 'not the right pass phrase' });
  const head = [
    'POST /api/v1/auth/local/login HTTP/1.1',
    `Host: ${new URL(url).host}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function expectStatus(status: number, answer: Answer): void {
  if (answer.status !== status)
    throw new Error(`Publishing answered ${answer.status}: ${answer.body.toString()}`);
}
