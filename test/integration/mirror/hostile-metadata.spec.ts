import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MirrorFailure } from '../../../src/mirror/domain/mirror.errors.js';
import { upstreamRegistry } from '../../../src/mirror/upstream/upstream-registry.js';
import {
  type Call,
  type Endpoint,
  FakeUpstream,
  type Lie,
} from '../../support/fakes/upstream/fake-upstream.js';
import { LINUX, MirrorHarness, NAME } from '../../support/fakes/upstream/mirror-harness.js';
import { makeUpstreamKeys, type UpstreamKeys } from '../../support/fakes/upstream/upstream-keys.js';
import { VERSION } from '../../support/fakes/upstream/upstream-release.js';
import { seededRandom } from '../../support/seeded-random.js';

const DOCUMENTS = 4000;
const ENDPOINTS = ['discovery', 'list', 'versions', 'package'] as const;
const PRINTABLE = /^[\x20-\x7e…]*$/;

/** Texts that do harm where they are stored or shown without a look at them. */
const HOSTILE_TEXTS = [
  '<script>alert(1)</script>', "'; DROP TABLE mirrors; --", '../../../etc/passwd', '..\\..\\x', '\u0000', 'a\nb', 'a\r\nb: c',
  '\u202egpj.exe', '\u001b[2J', '\ud800', 'ａｃｍｅ', 'v1.0.0', '1.0.0\u0000', '1.0.0/../..', '01.0.0', '1.0.0+<b>', '%2e%2e%2f',
  'javascript:alert(1)', 'http://127.0.0.2:1/', 'file:///etc/passwd', '//127.0.0.2:1/', '', ' ', 'x'.repeat(5000), '٣.٠.٠',
  '${jndi:ldap://x}', '{{7*7}}', '$(id)', '`id`', '__proto__', 'constructor',
]; // prettier-ignore
const HOSTILE_VALUES: readonly unknown[] = [
  ...HOSTILE_TEXTS, null, true, 0, -1, 1e308, 2 ** 53, [], {}, [[[[]]]], { length: 5 }, { toString: 'x' },
]; // prettier-ignore

let keys: UpstreamKeys;
let upstream: FakeUpstream;
let harness: MirrorHarness;
const answers: Partial<Record<Endpoint, (call: Call) => void>> = {};

beforeAll(async () => {
  Logger.overrideLogger(false);
  keys = await makeUpstreamKeys();
  const lie: Lie = { answers };
  upstream = await FakeUpstream.start(keys, lie);
  harness = new MirrorHarness({ metadataTimeoutMs: 5000 });
});
afterAll(async () => {
  await harness.close();
  await upstream.stop();
  Logger.overrideLogger(['error']);
});

type Random = () => number;

const pick = <T>(random: Random, of: readonly T[]): T => of[Math.floor(random() * of.length)]!;

/** Every place in a JSON value, as a function that puts something else there. */
function places(value: unknown, put: (other: unknown) => void): ((other: unknown) => void)[] {
  if (typeof value !== 'object' || value === null) return [put];
  const inner = Object.entries(value).flatMap(([key, child]) =>
    places(child, (other) => void ((value as Record<string, unknown>)[key] = other)),
  );
  return [put, ...inner];
}

/** An honest document with one to three things changed: in its meaning, its text, or its bytes. */
function spoiled(random: Random, body: Buffer): Buffer {
  let root: unknown = JSON.parse(body.toString());
  for (let times = 1 + Math.floor(random() * 3); times > 0; times -= 1) {
    pick(
      random,
      places(root, (other) => (root = other)),
    )(structuredClone(pick(random, HOSTILE_VALUES)));
  }
  const text = JSON.stringify(root) ?? '';
  switch (Math.floor(random() * 6)) {
    case 0: {
      const bytes = Buffer.from(text);
      if (bytes.length > 0) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      return bytes;
    }
    case 1:
      return Buffer.from(text.slice(0, Math.floor(random() * text.length)));
    case 2:
      return Buffer.from(text.replace(/^\{/, '{"__proto__":{"isPolluted":true},"constructor":{},'));
    case 3:
      return Buffer.from(text.replace('{', `{"deep":${'['.repeat(2000)}${']'.repeat(2000)},`));
    default:
      return Buffer.from(text);
  }
}

/** Asks one endpoint as a run does, and gives every text that it would store or show. */
async function textsOf(endpoint: (typeof ENDPOINTS)[number]): Promise<string[]> {
  const service = await harness.client.discover(upstreamRegistry(upstream.origin));
  switch (endpoint) {
    case 'discovery':
      return [service.baseUrl.href];
    case 'list': {
      const { names, unreadable } = await harness.client.listProviders(service, NAME.namespace);
      for (const { namespace, type } of names) {
        expect(`${namespace}/${type}`).toMatch(/^[a-z0-9][a-z0-9_-]{0,63}\/[a-z0-9][a-z0-9-]{0,63}$/);
      }
      return unreadable.flatMap(({ what, reason }) => [what, reason]);
    }
    case 'versions': {
      const answer = await harness.client.versions(service, NAME);
      if (answer.kind === 'not-modified') return [];
      for (const { text, platforms } of answer.listing.versions) {
        expect(text).toMatch(/^\d+\.\d+\.\d+[0-9A-Za-z.+-]{0,120}$/);
        for (const { key } of platforms) expect(key).toMatch(/^[a-z0-9]{1,32}_[a-z0-9]{1,32}$/);
      }
      return answer.listing.unreadable.flatMap(({ what, reason }) => [what, reason]);
    }
    case 'package': {
      const wanted = { name: NAME, version: VERSION, platform: LINUX };
      const document = await harness.client.packageDocument(service, wanted);
      for (const url of [document.downloadUrl, document.shasumsUrl, document.signatureUrl]) {
        expect(url.href).toMatch(/^https?:\/\/[\x21-\x7e]+$/);
      }
      for (const protocol of document.protocols) expect(protocol).toMatch(/^\d+\.\d+$/);
      expect(document.digest).toMatch(/^[0-9a-f]{64}$/);
      await harness.releases.verify(document, { approved: [keys.honest.armor], onFirstUse: 'hold' });
      return [document.filename];
    }
  }
}

it.each(ENDPOINTS)(
  'hostile answers are read or refused with a named failure, and nothing hostile goes on: %s (T11, F16)',
  async (endpoint) => {
    const random = seededRandom(ENDPOINTS.indexOf(endpoint) + 1);
    let refused = 0;
    for (let at = 0; at < DOCUMENTS / ENDPOINTS.length; at += 1) {
      const state: { sent?: string } = {};
      answers[endpoint] = ({ response, body }) => {
        const document = spoiled(random, body);
        state.sent = document.toString('latin1').slice(0, 500);
        response.writeHead(200, { 'content-type': 'application/json' }).end(document);
      };
      try {
        for (const text of await textsOf(endpoint)) expect(text, state.sent).toMatch(PRINTABLE);
      } catch (error) {
        if (!(error instanceof MirrorFailure))
          throw new Error(`Document ${at}: ${state.sent}`, { cause: error });
        refused += 1;
        expect(error.message, state.sent).toMatch(PRINTABLE);
        expect(error.message.length).toBeLessThan(1000);
      }
    }
    delete answers[endpoint];
    expect(refused).toBeGreaterThan(0);
    expect(upstream.canaryHits).toBe(0);
    expect(harness.leftovers).toEqual([]);
    expect(({} as { isPolluted?: boolean }).isPolluted).toBeUndefined();
  },
);
