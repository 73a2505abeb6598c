import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { MirrorSyncRunner } from '../../../src/mirror/sync/mirror-sync-runner.service.js';
import {
  type Call,
  type Endpoint,
  FakeUpstream,
  type Json,
} from '../../support/fakes/upstream/fake-upstream.js';
import { TlsFront } from '../../support/fakes/upstream/tls-front.js';
import { makeUpstreamKeys, type UpstreamKeys } from '../../support/fakes/upstream/upstream-keys.js';
import { NAMESPACE, PLATFORMS, TYPE, VERSION } from '../../support/fakes/upstream/upstream-release.js';
import {
  addIdleSync,
  addMirror,
  allowEverything,
  heldPackages,
  syncOf,
  type EndedSync,
} from '../../support/mirror-runs.js';
import { TestApp } from '../../support/test-app.js';
import {
  issueCertificate,
  makeAuthority,
  type TestAuthority,
  type WantedCertificate,
} from '../../support/tls.js';

const HOUR_MS = 3_600_000;
const FOR_ALL = 'DEFAULT:@SECLEVEL=0';
const ENDPOINTS = ['discovery', 'versions', 'package', 'sums', 'signature', 'zip'] as const;
/** The fields of the upstream's JSON that name addresses. */
const FIELDS = [
  ['discovery', 'providers.v1'],
  ['package', 'download_url'],
  ['package', 'shasums_url'],
  ['package', 'shasums_signature_url'],
] as const;

/** How a server is wrong, and what the report of the run says about it. */
interface BadServer {
  readonly certificate?: WantedCertificate;
  readonly isOfStranger?: boolean;
  readonly options?: ServerOptions;
  readonly says: string;
}

const UNTRUSTED =
  'its certificate is not of an authority that this server trusts; one of its own is named in security.egress.ca_file';
const BAD: Record<string, BadServer> = {
  'has expired': {
    certificate: { notBefore: hoursFromNow(-48), notAfter: hoursFromNow(-1) },
    says: 'its certificate has expired',
  },
  'is not good yet': {
    certificate: { notBefore: hoursFromNow(2), notAfter: hoursFromNow(48) },
    says: 'its certificate is not good yet; compare the clocks',
  },
  'signed itself': { certificate: { isSelfSigned: true }, says: UNTRUSTED },
  'is of an authority that nobody configured': { isOfStranger: true, says: UNTRUSTED },
  'is for another host': {
    certificate: { names: [{ type: 'dns', value: 'registry.example.com' }] },
    says: 'its certificate is for other host names',
  },
  'is of a server that knows TLS 1.0 only': {
    options: { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: FOR_ALL },
    says: 'it does not speak TLS 1.2 or later',
  },
  'is of a server that knows TLS 1.1 only': {
    options: { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: FOR_ALL },
    says: 'it does not speak TLS 1.2 or later',
  },
};

let directory: string;
let authority: TestAuthority;
let stranger: TestAuthority;
let keys: UpstreamKeys;
let upstream: FakeUpstream;
let app: TestApp;

const answers: Partial<Record<Endpoint, (call: Call) => void>> = {};
const json: Partial<Record<Endpoint, (document: Json) => unknown>> = {};

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tfr-upstream-tls-'));
  authority = await makeAuthority();
  stranger = await makeAuthority();
  writeFileSync(join(directory, 'ca.pem'), authority.certificate.toString('pem'));
  keys = await makeUpstreamKeys();
  upstream = await FakeUpstream.start(keys, { answers, json });
  app = await TestApp.start({
    TFR_SECURITY_EGRESS_ALLOWLIST: ['127.0.0.1', 'localhost', ...FakeUpstream.HOSTS].join(','),
    TFR_SECURITY_EGRESS_CA_FILE: join(directory, 'ca.pem'),
    TFR_AUTH_ANONYMOUS_READ: 'true',
  });
  await allowEverything(app);
});
afterAll(async () => {
  await app?.stop();
  await upstream?.stop();
  rmSync(directory, { recursive: true, force: true });
});

function hoursFromNow(hours: number): Date {
  return new Date(Date.now() + hours * HOUR_MS);
}

async function front({ certificate, isOfStranger, options }: Partial<BadServer>): Promise<TlsFront> {
  const pair = await issueCertificate(isOfStranger ? stranger : authority, certificate);
  const started = await TlsFront.start(upstream.origin, { ...pair, ...options });
  onTestFinished(() => started.stop());
  return started;
}

/** One whole run of a new mirror of this upstream. */
async function mirrored(origin: string): Promise<EndedSync> {
  const pinned = { namespace: NAMESPACE, key: keys.honest };
  const mirror = await addMirror(app, { upstream: origin, types: [TYPE], versionFilter: VERSION, pinned });
  const payload = await addIdleSync(app, mirror);
  expect(await app.get(MirrorSyncRunner).run(payload, new AbortController().signal)).toBe('ended');
  return syncOf(app, payload);
}

async function expectNothingOf(origin: string): Promise<void> {
  const { host } = new URL(origin);
  expect(await heldPackages(app, host)).toEqual([]);
  const index = `/terraform/providers/${host.replace(':', '%3A')}/${NAMESPACE}/${TYPE}/index.json`;
  expect((await app.request(index)).status).toBe(404);
}

describe('an upstream with a certificate of an authority of its own (F10)', () => {
  it.each(['127.0.0.1', 'localhost'])(
    'is mirrored when security.egress.ca_file names it: %s',
    async (host) => {
      const server = await front({});
      const sync = await mirrored(server.originFor(host));
      expect(sync.details.failures).toEqual([]);
      expect(await heldPackages(app, new URL(server.originFor(host)).host)).toHaveLength(PLATFORMS.length);
    },
  );
});

describe('an upstream whose certificate', () => {
  it.each(Object.entries(BAD))('%s is refused with a sentence, and nothing is stored', async (_how, bad) => {
    const server = await front(bad);
    const origin = server.originFor('localhost');
    const sync = await mirrored(origin);
    expect(sync.status).toBe('failed');
    expect(sync.details.failures.map(({ code, message }) => [code, message])).toEqual([
      ['upstream_unreachable', `localhost could not be reached: ${bad.says}`],
    ]);
    expect(server.requests).toBe(0);
    await expectNothingOf(origin);
  });

  it('would work for a client that takes TLS 1.0, so that the refusals mean something', async () => {
    for (const version of ['TLSv1', 'TLSv1.1'] as const) {
      const server = await front({ options: { minVersion: version, maxVersion: version, ciphers: FOR_ALL } });
      const { port } = new URL(server.originFor('localhost'));
      const spoken = await new Promise<string | null>((done, fail) => {
        const socket = connect(
          {
            host: '127.0.0.1',
            port: Number(port),
            minVersion: 'TLSv1',
            ciphers: FOR_ALL,
            rejectUnauthorized: false,
          },
          () => {
            done(socket.getProtocol());
            socket.destroy();
          },
        ).on('error', fail);
      });
      expect(spoken).toBe(version);
    }
  });

  it('is not looked at because there is none is refused with a sentence', async () => {
    const origin = upstream.origin.replace('http:', 'https:');
    const sync = await mirrored(origin);
    expect(sync.details.failures.map(({ message }) => message)).toEqual([
      '127.0.0.3 could not be reached: it does not speak TLS 1.2 or later',
    ]);
    await expectNothingOf(origin);
  });

  it('is wrong is refused also when the environment switches the check off', async () => {
    const server = await front(BAD['signed itself']!);
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    onTestFinished(() => void delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']);
    const sync = await mirrored(server.originFor('localhost'));
    expect(sync.details.failures.map(({ message }) => message)).toEqual([
      `localhost could not be reached: ${UNTRUSTED}`,
    ]);
    expect(server.requests).toBe(0);
  });
});

describe('an upstream with TLS that leads to one without', () => {
  it.each(ENDPOINTS)('by a redirect is refused, and nothing is stored: %s', async (endpoint) => {
    const server = await front({});
    const origin = server.originFor('127.0.0.1');
    answers[endpoint] = ({ response, request }) =>
      void response.writeHead(302, { location: `${upstream.elsewhere}${request.url}` }).end();
    onTestFinished(() => void delete answers[endpoint]);
    const asked = upstream.askedElsewhere.length;
    const sync = await mirrored(origin);
    expect(sync.status).toBe('failed');
    expect(sync.details.failures.length).toBeGreaterThan(0);
    for (const { message } of sync.details.failures) {
      expect(message).toBe('127.0.0.1 sent a redirect that is not followed: it leaves https');
    }
    expect(upstream.askedElsewhere.length).toBe(asked);
    await expectNothingOf(origin);
  });

  it.each(FIELDS)('by an address in %s, %s is refused, and nothing is stored', async (endpoint, field) => {
    const server = await front({});
    const origin = server.originFor('127.0.0.1');
    json[endpoint] = (document) => ({ ...document, [field]: `${upstream.elsewhere}/v1/providers/` });
    onTestFinished(() => void delete json[endpoint]);
    const asked = upstream.askedElsewhere.length;
    const sync = await mirrored(origin);
    expect(sync.status).toBe('failed');
    for (const { message } of sync.details.failures) expect(message).toContain('https stays https');
    expect(upstream.askedElsewhere.length).toBe(asked);
    await expectNothingOf(origin);
  });
});
