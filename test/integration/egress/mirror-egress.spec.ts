import { Logger } from '@nestjs/common';
import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MirrorFailure } from '../../../src/mirror/domain/mirror.errors.js';
import { upstreamRegistry } from '../../../src/mirror/upstream/upstream-registry.js';
import {
  type Call,
  type Endpoint,
  FakeUpstream,
  type Json,
  type Lie,
} from '../../support/fakes/upstream/fake-upstream.js';
import { LINUX, MirrorHarness, NAME } from '../../support/fakes/upstream/mirror-harness.js';
import { makeUpstreamKeys, type UpstreamKeys } from '../../support/fakes/upstream/upstream-keys.js';
import { VERSION } from '../../support/fakes/upstream/upstream-release.js';
import { issueTestTls } from '../../support/tls.js';
import { Canaries, fakeDns, forbiddenUrls } from './canaries.js';

const OPEN_HOST = FakeUpstream.HOSTS[0];
const ENDPOINTS = ['discovery', 'list', 'versions', 'package', 'sums', 'signature', 'zip'] as const;
/** The fields of the upstream's JSON that name addresses. */
const FIELDS = [
  ['discovery', 'providers.v1'],
  ['package', 'download_url'],
  ['package', 'shasums_url'],
  ['package', 'shasums_signature_url'],
] as const;

/** What the upstream does in this case; the same server answers all of them. */
interface MutableLie extends Lie {
  json: Partial<Record<Endpoint, (document: Json) => unknown>>;
  answers: Partial<Record<Endpoint, (call: Call) => void>>;
}

const lie: MutableLie = { json: {}, answers: {} };
const harnesses: MirrorHarness[] = [];
let keys: UpstreamKeys;
let upstream: FakeUpstream;
let canaries: Canaries;
let port: number;
let cases = 0;

beforeAll(async () => {
  Logger.overrideLogger(false);
  keys = await makeUpstreamKeys();
  await startOnOnePort();
});
afterEach(async () => {
  lie.json = {};
  lie.answers = {};
  expect(canaries.hits + upstream.canaryHits).toBe(0);
  for (const harness of harnesses.splice(0)) {
    expect(harness.leftovers).toEqual([]);
    await harness.close();
  }
});
afterAll(async () => {
  await upstream.stop();
  await canaries.stop();
  Logger.overrideLogger(['error']);
});

/** The upstream and the canaries have one port, so that only the address tells one from the other. */
async function startOnOnePort(): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    upstream = await FakeUpstream.start(keys, lie);
    port = Number(new URL(upstream.origin).port);
    const started = await Canaries.tryStart(port);
    if (started !== undefined) {
      canaries = started;
      return;
    }
    await upstream.stop();
  }
  throw new Error('No port is free at all addresses');
}

/** Without a DNS of its own every name is that of a canary. */
function harnessOf(network: ConstructorParameters<typeof MirrorHarness>[1] = {}): MirrorHarness {
  const harness = new MirrorHarness({}, { resolve: fakeDns(() => ['127.0.0.1']), ...network });
  harnesses.push(harness);
  return harness;
}

/** Everything that a run asks an upstream for: services, list, versions, description, checksums, signature, package. */
async function mirrorAll(harness: MirrorHarness, origin = upstream.origin): Promise<void> {
  const service = await harness.client.discover(upstreamRegistry(origin));
  await harness.client.listProviders(service, NAME.namespace);
  await harness.client.versions(service, NAME);
  const trust = { approved: [keys.honest.armor], onFirstUse: 'hold' } as const;
  const fetched = await harness.fetcher.fetch({
    service,
    name: NAME,
    version: VERSION,
    platform: LINUX,
    trust,
  });
  await fetched.discard();
}

async function refusalOf(work: Promise<unknown>, what: string): Promise<MirrorFailure> {
  cases += 1;
  const error = await work.then(
    () => new Error('nothing was refused'),
    (caught: unknown) => caught,
  );
  expect(error, what).toBeInstanceOf(MirrorFailure);
  expect((error as Error).message, what).toMatch(/^[\x20-\x7e…]{1,1000}$/);
  return error as MirrorFailure;
}

const CODES = ['upstream_not_allowed', 'upstream_redirect_refused', 'upstream_answer_invalid'];

/** As a header carries it. */
const latin1 = (text: string): string => Buffer.from(text).toString('latin1');

describe('a mirror reaches nothing that is private (T10, F7 to F9)', () => {
  it('reaches its upstream, so that the refusals below mean something', async () => {
    await mirrorAll(harnessOf());
    expect(upstream.asked.map(({ endpoint }) => endpoint)).toEqual([...ENDPOINTS]);
  });

  it.each(ENDPOINTS)('by a redirect: %s', async (endpoint) => {
    const harness = harnessOf();
    for (const url of forbiddenUrls(port)) {
      lie.answers = {
        [endpoint]: ({ response }: Call) => void response.writeHead(302, { location: latin1(url) }).end(),
      };
      const failure = await refusalOf(mirrorAll(harness), url);
      expect([...CODES, 'upstream_not_found'], `${url}: ${failure.message}`).toContain(failure.code);
    }
  });

  it.each(ENDPOINTS)('by a redirect after an allowed one: %s', async (endpoint) => {
    const harness = harnessOf();
    for (const host of Canaries.HOSTS) {
      const target = `http://${host.includes(':') ? `[${host}]` : host}:${port}/`;
      for (const status of [301, 303, 307, 308]) {
        lie.answers = {
          [endpoint]: ({ response, request }: Call) => {
            const isFirst = request.headers.host === new URL(upstream.origin).host;
            const location = isFirst ? `${upstream.elsewhere}${request.url}` : target;
            response.writeHead(status, { location }).end();
          },
        };
        const failure = await refusalOf(mirrorAll(harness), target);
        expect(failure.code).toBe('upstream_not_allowed');
      }
    }
  });

  it.each(FIELDS)('by an address in its answers: %s, %s', async (endpoint, field) => {
    const harness = harnessOf();
    for (const url of forbiddenUrls(port)) {
      lie.json = { [endpoint]: (document: Json) => ({ ...document, [field]: url }) };
      const failure = await refusalOf(mirrorAll(harness), url);
      expect([...CODES, 'upstream_not_found'], `${url}: ${failure.message}`).toContain(failure.code);
    }
  });

  it('by the address of the upstream itself', async () => {
    const harness = harnessOf();
    for (const url of forbiddenUrls(port)) {
      if (!/^https?:/.test(url)) continue;
      const refused = await mirrorAll(harness, url).then(
        () => 'reached',
        (error: { code?: string }) => error.code,
      );
      cases += 1;
      expect(['upstream_not_allowed', 'invalid_upstream_address'], url).toContain(refused);
    }
  });

  it('by names: private answers, mixed ones, many kinds of IPv6, none', async () => {
    const answers = [
      ['127.0.0.2'], ['::1'], ['::ffff:127.0.0.1'], ['64:ff9b::7f00:1'], ['2002:7f00:1::'], ['fe80::1%lo'],
      [OPEN_HOST, '127.0.0.2'], ['127.0.0.2', OPEN_HOST], [OPEN_HOST, '::1'], ['1.1.1.1', '10.0.0.1'],
      ['169.254.169.254'], ['0.0.0.0'], ['::'], ['fd00::1'], ['2001::1'], ['100.64.0.1'], [],
    ]; // prettier-ignore
    const resolve = fakeDns((name) => answers[Number(/\d+/.exec(name))]!);
    const harness = harnessOf({ resolve });
    for (const [at, found] of answers.entries()) {
      const named = `http://case-${at}.example.com:${port}`;
      const byUpstream = await refusalOf(mirrorAll(harness, named), String(found));
      expect(byUpstream.code, String(found)).toBe('upstream_not_allowed');
      for (const [endpoint, field] of FIELDS) {
        lie.json = { [endpoint]: (document: Json) => ({ ...document, [field]: `${named}/v1/providers/` }) };
        expect((await refusalOf(mirrorAll(harness), String(found))).code).toBe('upstream_not_allowed');
      }
      lie.json = {};
    }
  });

  it('by a name that changes its address between two requests (rebinding)', async () => {
    const close =
      (then: (call: Call) => void) =>
      (call: Call): void => {
        call.response.setHeader('connection', 'close');
        then(call);
      };
    for (const endpoint of ENDPOINTS) lie.answers[endpoint] = close(({ honestly }) => honestly());
    for (let honestAnswers = 0; honestAnswers <= ENDPOINTS.length; honestAnswers += 1) {
      const resolve = fakeDns((_name, before) => [before < honestAnswers ? OPEN_HOST : '127.0.0.2']);
      const mirrored = mirrorAll(harnessOf({ resolve }), `http://rebinding.example.com:${port}`);
      if (honestAnswers === ENDPOINTS.length) await mirrored;
      else {
        expect((await refusalOf(mirrored, `after ${honestAnswers}`)).code).toBe('upstream_not_allowed');
      }
    }
  });

  it('by a name that changes its address at random: 200 tries', async () => {
    const harness = harnessOf({
      resolve: fakeDns((name, before) =>
        (Number(/\d+/.exec(name)) >> (before % 8)) % 2 === 0 ? [OPEN_HOST] : ['127.0.0.2'],
      ),
    });
    for (const endpoint of ENDPOINTS) {
      lie.answers[endpoint] = ({ response, honestly }) => {
        response.setHeader('connection', 'close');
        honestly();
      };
    }
    for (let at = 0; at < 200; at += 1) {
      cases += 1;
      const outcome = await mirrorAll(harness, `http://try-${at}.example.com:${port}`).then(
        () => 'mirrored',
        (error: { code?: string }) => error.code,
      );
      // The first seven answers decide: each request makes a connection of its own.
      expect(outcome, String(at)).toBe((at & 0x7f) === 0 ? 'mirrored' : 'upstream_not_allowed');
    }
  });

  it('in an air gap not even what is public', async () => {
    const resolve = fakeDns(() => ['1.1.1.1']);
    const harness = harnessOf({ resolve, egress: { mode: 'allowlist_only' } });
    await mirrorAll(harness);
    for (const url of [
      'http://1.1.1.1/',
      'http://registry.example.com/',
      'https://[2606:4700:4700::1111]/',
    ]) {
      lie.json = { package: (document: Json) => ({ ...document, download_url: `${url}x.zip` }) };
      expect((await refusalOf(mirrorAll(harness), url)).code).toBe('upstream_not_allowed');
      expect((await refusalOf(mirrorAll(harness, url), url)).code).toBe('upstream_not_allowed');
    }
  });
});

describe('a mirror behind a proxy', () => {
  it('asks the proxy for everything, after the target was checked', async () => {
    const resolve = fakeDns((name) => [name.startsWith('inside') ? '10.0.0.1' : '1.1.1.1']);
    const egress = { allowlist: [], proxyUrl: upstream.origin };
    const harness = harnessOf({ resolve, egress });
    const before = upstream.asked.length;
    await mirrorAll(harness, 'http://registry.example.com');
    expect(upstream.asked.slice(before).map(({ endpoint }) => endpoint)).toEqual([...ENDPOINTS]);
    expect(upstream.asked.at(-1)?.headers.host).toBe('registry.example.com');

    const known = upstream.asked.length;
    await refusalOf(mirrorAll(harness, 'http://inside.example.com'), 'a private name');
    for (const url of forbiddenUrls(port)) {
      lie.json = { package: (document: Json) => ({ ...document, download_url: url }) };
      await refusalOf(mirrorAll(harness, 'http://registry.example.com'), url);
    }
    const asked = upstream.asked.slice(known).map(({ endpoint }) => endpoint);
    expect(asked).not.toContain('zip');
  });
});

describe('a mirror of an upstream with a certificate of its own authority (F10)', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tfr-egress-tls-'));
  let server: Server;
  let caFile: string;

  beforeAll(async () => {
    const { cert, key, ...tls } = await issueTestTls(directory);
    caFile = tls.caFile;
    server = createServer({ cert, key }, (incoming, response) => {
      const { method, url = '/', headers } = incoming;
      const onward = httpRequest(new URL(url, upstream.origin), { method, headers }, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      });
      incoming.pipe(onward);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    rmSync(directory, { recursive: true, force: true });
  });

  const origin = (host: string) => `https://${host}:${(server.address() as AddressInfo).port}`;

  it('works where the authority is configured, and only for the names in the certificate', async () => {
    const resolve = fakeDns(() => ['127.0.0.1']);
    const allowlist = ['127.0.0.1', 'localhost', 'other.example.com'];
    const trusting = harnessOf({ resolve, egress: { allowlist, caFile } });
    await mirrorAll(trusting, origin('127.0.0.1'));
    await mirrorAll(trusting, origin('localhost'));
    const wrongName = await refusalOf(mirrorAll(trusting, origin('other.example.com')), 'another name');
    expect(wrongName.code).toBe('upstream_unreachable');
    const usual = harnessOf({ resolve, egress: { allowlist } });
    const unknown = await refusalOf(mirrorAll(usual, origin('localhost')), 'an unknown authority');
    expect(unknown.code).toBe('upstream_unreachable');
  });

  it('never leaves https', async () => {
    const allowlist = ['127.0.0.1', ...FakeUpstream.HOSTS];
    const harness = harnessOf({ egress: { allowlist, caFile } });
    for (const endpoint of ENDPOINTS) {
      lie.answers = {
        [endpoint]: ({ response, request }: Call) =>
          void response.writeHead(302, { location: `${upstream.elsewhere}${request.url}` }).end(),
      };
      const failure = await refusalOf(mirrorAll(harness, origin('127.0.0.1')), endpoint);
      expect(failure.code).toBe('upstream_redirect_refused');
    }
    for (const [endpoint, field] of FIELDS) {
      lie.answers = {};
      lie.json = {
        [endpoint]: (document: Json) => ({ ...document, [field]: `${upstream.elsewhere}/v1/providers/` }),
      };
      await refusalOf(mirrorAll(harness, origin('127.0.0.1')), field);
    }
    expect(
      upstream.askedElsewhere.filter(({ headers }) => headers.host?.startsWith('127.0.0.4')),
    ).toHaveLength(upstream.askedElsewhere.length);
  });
});

it('these were at least 300 cases, and no canary was reached', () => {
  console.log(`egress of mirrors: ${cases} cases, ${canaries.hits + upstream.canaryHits} canary hits`);
  expect(cases).toBeGreaterThanOrEqual(300);
  expect(canaries.hits + upstream.canaryHits).toBe(0);
});
