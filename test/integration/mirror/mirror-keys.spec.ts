import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KeyTrustLevel, Mirror } from '../../../src/mirror/domain/mirror.js';
import { HASHICORP_PARTNER_KEY } from '../../../src/mirror/keys/hashicorp-partner-key.js';
import {
  HASHICORP_RELEASE_FINGERPRINT,
  HASHICORP_RELEASE_KEY,
} from '../../../src/mirror/keys/hashicorp-release-key.js';
import { MirrorKeys } from '../../../src/mirror/keys/mirror-keys.service.js';
import { Mirrors } from '../../../src/mirror/configuration/mirrors.service.js';
import { OpenPgpVerifier } from '../../../src/platform/signatures/openpgp-verifier.js';
import type { PublicKeyInfo } from '../../../src/platform/signatures/public-key-info.js';
import { makeUpstreamKeys, type UpstreamKeys } from '../../support/fakes/upstream/upstream-keys.js';
import type { Answer } from '../../support/http-request.js';
import { TestApp } from '../../support/test-app.js';

let app: TestApp;
let service: MirrorKeys;
let upstreamKeys: UpstreamKeys;
let honest: PublicKeyInfo;
let stranger: PublicKeyInfo;
let admin: string;
let mirror: Mirror;

beforeAll(async () => {
  app = await TestApp.start({ TFR_MULTI_TENANCY_ENABLED: 'true' });
  service = app.get(MirrorKeys);
  admin = await app.issueKey('admin');
  upstreamKeys = await makeUpstreamKeys();
  const verifier = new OpenPgpVerifier();
  honest = await verifier.readPublicKey(upstreamKeys.honest.armor);
  stranger = await verifier.readPublicKey(upstreamKeys.stranger.armor);
});
beforeEach(async () => {
  mirror = await aMirror('partner');
});
afterAll(() => app.stop());

async function aMirror(keyTrust: KeyTrustLevel, host = 'registry.terraform.io'): Promise<Mirror> {
  const [row] = await app.query<{ id: string }>(
    `INSERT INTO mirrors (name, upstream_url, upstream_host, key_trust, is_enabled)
     VALUES ($1, 'https://' || $2::text, $2, $3, false) RETURNING id`,
    [`mirror-${randomUUID()}`, host, keyTrust],
  );
  return (await app.get(Mirrors).find(row!.id))!;
}

interface Shown {
  readonly id: string;
  readonly namespace: string;
  readonly fingerprint: string;
  readonly state: string;
  readonly [field: string]: unknown;
}

const path = (rest = '') => `/api/v1/admin/mirrors/${mirror.id}/keys${rest}`;
const post = (rest: string, json: unknown = {}, key = admin): Promise<Answer> =>
  app.request(path(rest), { method: 'POST', json, key });
const pin = (namespace: string, armor: string): Promise<Answer> =>
  post('', { namespace, ascii_armor: armor });
const listed = async (): Promise<Shown[]> =>
  ((await app.request(path(), { key: admin })).json() as { keys: Shown[] }).keys;
const bodyOf = (answer: Answer): Shown => answer.json() as Shown;
const audited = (): Promise<{ action: string; metadata: Record<string, unknown> }[]> =>
  app.query(`SELECT action, metadata FROM audit_entries WHERE resource_id = $1 ORDER BY created_at, id`, [
    mirror.id,
  ]);

describe('whose signatures count', () => {
  it.each([
    ['pinned', [], [], 'hold'],
    ['hashicorp', [HASHICORP_RELEASE_KEY], [], 'hold'],
    ['partner', [HASHICORP_RELEASE_KEY], [HASHICORP_PARTNER_KEY], 'hold'],
    ['community', [HASHICORP_RELEASE_KEY], [HASHICORP_PARTNER_KEY], 'accept'],
  ] as const)('follows the level of the mirror: %s', async (level, roots, vouchers, onFirstUse) => {
    mirror = await aMirror(level);
    expect(await service.trustFor(mirror, 'acme')).toEqual({
      approved: [],
      revoked: [],
      roots,
      vouchers,
      onFirstUse,
    });
  });

  it('is HashiCorp alone for its own namespace in the public registry, and nowhere else', async () => {
    for (const level of ['hashicorp', 'partner', 'community'] as const) {
      mirror = await aMirror(level);
      expect((await service.trustFor(mirror, 'HashiCorp')).approved).toEqual([HASHICORP_RELEASE_KEY]);
      mirror = await aMirror(level, 'registry.opentofu.org');
      expect((await service.trustFor(mirror, 'hashicorp')).approved).toEqual([]);
    }
    mirror = await aMirror('pinned');
    expect((await service.trustFor(mirror, 'hashicorp')).approved).toEqual([]);
  });

  it('is what somebody pinned, for one namespace or for all', async () => {
    await pin('Acme', honest.armor);
    await pin('', stranger.armor);
    expect((await service.trustFor(mirror, 'acme')).approved).toEqual([honest.armor, stranger.armor]);
    expect((await service.trustFor(mirror, 'ACME')).approved).toEqual([honest.armor, stranger.armor]);
    expect((await service.trustFor(mirror, 'other')).approved).toEqual([stranger.armor]);
    expect((await listed()).map(({ namespace }) => namespace)).toEqual(['*', 'acme']);
  });

  it('is of one mirror only', async () => {
    await pin('acme', honest.armor);
    expect((await service.trustFor(await aMirror('community'), 'acme')).approved).toEqual([]);
  });

  it('is for somebody to decide once a key was revoked, whatever the level', async () => {
    mirror = await aMirror('community');
    const { id } = bodyOf(await pin('acme', honest.armor));
    await post(`/${id}/revoke`);
    expect(await service.trustFor(mirror, 'acme')).toEqual({
      approved: [],
      revoked: [honest.fingerprint],
      onFirstUse: 'hold',
    });
    expect(await service.trustFor(mirror, 'other')).toMatchObject({ revoked: [], onFirstUse: 'accept' });
  });

  it('never includes a key that was revoked for all namespaces', async () => {
    await pin('acme', honest.armor);
    const { id } = bodyOf(await pin('*', honest.armor));
    await post(`/${id}/revoke`);
    expect(await service.trustFor(mirror, 'acme')).toEqual({
      approved: [],
      revoked: [honest.fingerprint],
      onFirstUse: 'hold',
    });
  });
});

describe('what a run learns about keys', () => {
  it('is the key of the first release, which is pinned for its namespace', async () => {
    await service.learn(mirror, 'Acme', { key: honest });
    await service.learn(mirror, 'acme', { key: honest });
    expect(await listed()).toMatchObject([
      {
        namespace: 'acme',
        fingerprint: honest.fingerprint,
        state: 'pinned',
        source: 'upstream',
        decided_by_name: null,
      },
    ]);
    expect((await service.trustFor(mirror, 'acme')).approved).toEqual([honest.armor]);
    expect(await audited()).toMatchObject([
      {
        action: 'mirror.key_pinned',
        metadata: { namespace: 'acme', key_fingerprint: honest.fingerprint, after: { state: 'pinned' } },
      },
    ]);
  });

  it('is nothing when the key counts already', async () => {
    await pin('*', honest.armor);
    await service.learn(mirror, 'acme', { key: honest });
    const verifier = new OpenPgpVerifier();
    const key = await verifier.readPublicKey(HASHICORP_RELEASE_KEY);
    await service.learn(mirror, 'hashicorp', { key });
    expect((await listed()).map(({ namespace }) => namespace)).toEqual(['*']);
    await service.learn(await aMirror('partner'), 'elsewhere', { key });
    expect(key.fingerprint).toBe(HASHICORP_RELEASE_FINGERPRINT);
  });

  it('is refused when another key was pinned or this one revoked meanwhile', async () => {
    await pin('acme', stranger.armor);
    await expect(service.learn(mirror, 'acme', { key: honest })).rejects.toMatchObject({
      code: 'release_key_not_trusted',
    });
    const { id } = bodyOf(await pin('other', honest.armor));
    await post(`/${id}/revoke`);
    await expect(service.learn(mirror, 'other', { key: honest })).rejects.toMatchObject({
      code: 'release_key_revoked',
    });
  });

  it('is one key when two releases of different keys come at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      mirror = await aMirror('community');
      const outcomes = await Promise.allSettled(
        [honest, stranger].map((key) => service.learn(mirror, 'acme', { key })),
      );
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(await listed()).toHaveLength(1);
    }
  });

  it('is a stranger to decide about, with the command that lets it count', async () => {
    const sentence = await service.noteStranger(mirror, 'Acme', honest);
    expect(await service.noteStranger(mirror, 'acme', honest)).toBe(sentence);
    const command = /POST (\/api\S+\/approve)$/.exec(sentence)?.[1];
    expect(sentence).toContain(honest.fingerprint);
    expect(await listed()).toMatchObject([{ state: 'seen', namespace: 'acme', source: 'upstream' }]);
    expect((await service.trustFor(mirror, 'acme')).approved).toEqual([]);
    expect((await audited()).map(({ action }) => action)).toEqual(['mirror.key_seen']);

    const answer = await app.request(command!, { method: 'POST', key: admin });
    expect(answer.status).toBe(200);
    expect(bodyOf(answer)).toMatchObject({ state: 'pinned', fingerprint: honest.fingerprint });
    expect((await service.trustFor(mirror, 'acme')).approved).toEqual([honest.armor]);
    await service.noteStranger(mirror, 'acme', honest);
    expect(await listed()).toMatchObject([{ state: 'pinned' }]);
  });

  it('is nothing when the mirror is gone', async () => {
    const gone = { ...mirror, id: randomUUID() };
    await expect(service.learn(gone, 'acme', { key: honest })).rejects.toMatchObject({
      code: 'mirror_interrupted',
    });
    await expect(service.noteStranger(gone, 'acme', honest)).rejects.toMatchObject({
      code: 'mirror_interrupted',
    });
  });
});

describe('the routes for keys', () => {
  it('pin a key, and again with a longer life', async () => {
    const answer = await pin('acme', honest.armor);
    expect(answer.status).toBe(201);
    expect(bodyOf(answer)).toEqual({
      id: expect.any(String) as string,
      namespace: 'acme',
      fingerprint: honest.fingerprint,
      key_id: honest.keyId,
      algorithm: 'EdDSA Ed25519',
      expires_at: null,
      ascii_armor: honest.armor,
      state: 'pinned',
      source: 'administrator',
      decided_by_name: expect.any(String) as string,
      decided_at: expect.stringMatching(/Z$/) as string,
      first_seen_at: expect.stringMatching(/Z$/) as string,
    });
    expect(bodyOf(await pin('ACME', honest.armor)).id).toBe(bodyOf(answer).id);
    expect(await listed()).toHaveLength(1);
    expect((await audited()).map(({ action }) => action)).toEqual(
      Array(2).fill('POST /api/v1/admin/mirrors/:id/keys'),
    );
  });

  it('revoke a key for good', async () => {
    const { id } = bodyOf(await pin('acme', honest.armor));
    for (let times = 0; times < 2; times += 1) {
      const answer = await post(`/${id}/revoke`);
      expect([answer.status, bodyOf(answer).state]).toEqual([200, 'revoked']);
    }
    for (const answer of [await pin('acme', honest.armor), await post(`/${id}/approve`)]) {
      expect([answer.status, answer.json()]).toMatchObject([409, { code: 'mirror_key_revoked' }]);
    }
    expect(await audited()).toHaveLength(2);
  });

  it('say what is wrong with a request', async () => {
    expect((await pin('acme', 'no key')).json()).toMatchObject({ error: /gpg --armor --export/ });
    expect((await pin('acme', upstreamKeys.revoked.armor)).json()).toMatchObject({
      error: /owner revoked it/,
    });
    expect((await pin('not a namespace', honest.armor)).json()).toMatchObject({ error: /Invalid namespace/ });
    expect((await post('', { namespace: 'acme' })).status).toBe(400);
    expect((await post('/7/approve')).json()).toMatchObject({ error: 'Invalid key ID' });
    expect((await post(`/${randomUUID()}/approve`)).json()).toMatchObject({ error: 'Key not found' });
    const other = bodyOf(await pin('acme', honest.armor)).id;
    mirror = await aMirror('partner');
    expect((await post(`/${other}/revoke`)).status).toBe(404);
  });

  it('are open to who administers the organization of the mirror, and shown to who sees it', async () => {
    const reader = await app.issueKey('mirrors:read');
    const manager = await app.issueKey('mirrors:manage');
    const elsewhere = await app.issueKey('admin', await app.addOrganization(`org-${randomUUID()}`));
    const status = async (key?: string) => (await app.request(path(), { key })).status;
    expect(await Promise.all([reader, manager, elsewhere, undefined].map(status))).toEqual([
      200, 200, 404, 401,
    ]);
    const body = { namespace: 'acme', ascii_armor: honest.armor };
    expect((await post('', body, reader)).status).toBe(403);
    expect((await post('', body, manager)).status).toBe(403);
    expect(await listed()).toEqual([]);
  });
});
