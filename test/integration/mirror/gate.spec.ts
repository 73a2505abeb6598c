import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MirroringNoLongerAllowed } from '../../../src/mirror/domain/mirror-decisions.errors.js';
import { MirrorGate } from '../../../src/mirror/domain/mirror-gate.js';
import type { Mirror } from '../../../src/mirror/domain/mirror.js';
import { Transactions } from '../../../src/platform/database/transactions.js';
import { TestApp } from '../../support/test-app.js';
import { aName, GateFixture } from './gate-fixture.js';

let app: TestApp;
let fixture: GateFixture;
let gate: MirrorGate;

beforeAll(async () => {
  app = await TestApp.start({ TFR_MIRROR_MAX_PENDING_REQUESTS: '5' });
  fixture = await GateFixture.of(app);
  gate = app.get(MirrorGate);
});

afterAll(async () => {
  await fixture.settled();
  await app.stop();
});

const aProvider = () => ({ namespace: aName('Ns'), type: aName('p') });
const requestsOf = (mirror: Mirror) =>
  app.query<{ id: string; status: string }>(
    'SELECT id, namespace, provider_type, upstream_version, status, reason, is_auto_approved FROM mirror_approvals WHERE mirror_id = $1',
    [mirror.id],
  );

describe('the gate', () => {
  it('says what policies and approvals say now, names without case', async () => {
    const mirror = await fixture.addMirror();
    const name = aProvider();
    expect((await gate.of(mirror, name)).permission).toMatchObject({
      kind: 'needs-approval',
      isRequested: false,
    });
    const id = await fixture.ask(mirror, name);
    expect((await gate.of(mirror, name)).permission).toMatchObject({ isRequested: true });
    await fixture.review(id, { status: 'approved' });
    expect((await gate.of(mirror, name)).permission).toEqual({ kind: 'allowed' });
    await app.query(`UPDATE mirror_approvals SET expires_at = clock_timestamp() WHERE id = $1`, [id]);
    expect((await gate.of(mirror, name)).permission).toMatchObject({ kind: 'needs-approval' });
    const denial = await fixture.addPolicy({ policy_type: 'deny', provider_pattern: name.type });
    expect((await gate.of(mirror, name)).permission).toMatchObject({ kind: 'denied' });
    await fixture.removePolicy(denial);
    expect((await gate.of(await fixture.addMirror(), name)).permission).toMatchObject({
      kind: 'needs-approval',
      isRequested: false,
    });
  });

  it('counts the days of a cool-down by the clock of the database', async () => {
    const mirror = await fixture.addMirror({ coolDownDays: 2 });
    const name = aProvider();
    await fixture.review(await fixture.ask(mirror, name), { status: 'approved' });
    const [{ now }] = (await app.query<{ now: Date }>('SELECT now()')) as [{ now: Date }];
    const opened = await gate.of(mirror, name);
    const at = (hoursAgo: number) =>
      opened.admits({
        version: '1.0.0',
        firstSeenAt: new Date(now.getTime() - hoursAgo * 3_600_000),
        isReleased: false,
        heldVersions: [],
      }).kind;
    expect([at(47), at(49)]).toEqual(['cooling-down', 'admitted']);
  });
});

describe('a request that a run makes', () => {
  it('is made once, however many ask at the same time', async () => {
    const mirror = await fixture.addMirror();
    const name = aProvider();
    await Promise.all(Array.from({ length: 10 }, () => gate.request(mirror, name)));
    await gate.request(mirror, name);
    expect(await requestsOf(mirror)).toMatchObject([
      {
        namespace: name.namespace.toLowerCase(),
        provider_type: name.type,
        upstream_version: null,
        status: 'pending',
        reason: 'Requested by sync',
      },
    ]);
    const [request] = await requestsOf(mirror);
    const records = await app.query(`SELECT action FROM audit_entries WHERE resource_id = $1`, [request!.id]);
    expect(records).toEqual([{ action: 'mirror.approval_requested' }]);
  });

  it('is not made for what is rejected or approved, and again when an approval is over', async () => {
    const mirror = await fixture.addMirror();
    const name = aProvider();
    const first = await fixture.ask(mirror, name);
    await fixture.review(first, { status: 'rejected' });
    await gate.request(mirror, name);
    const second = await fixture.ask(mirror, name);
    await fixture.review(second, { status: 'approved' });
    await gate.request(mirror, name);
    expect((await requestsOf(mirror)).filter(({ status }) => status === 'pending')).toEqual([]);
    await app.query(`UPDATE mirror_approvals SET expires_at = clock_timestamp() WHERE id = $1`, [second]);
    await gate.request(mirror, name);
    expect((await requestsOf(mirror)).filter(({ status }) => status === 'pending')).toHaveLength(1);
  });
});

describe('requests that wait', () => {
  it('are no more than the setting allows, so that readers cannot make any number of them', async () => {
    const mirror = await fixture.addMirror();
    for (let count = 0; count < 7; count += 1) await gate.request(mirror, aProvider());
    const requests = await requestsOf(mirror);
    expect(requests).toHaveLength(5);
    await fixture.review(requests[0]!.id, { status: 'rejected' });
    for (let count = 0; count < 3; count += 1) await gate.request(mirror, aProvider());
    expect((await requestsOf(mirror)).filter(({ status }) => status === 'pending')).toHaveLength(5);
  });
});

describe('an approval by the rules of a mirror', () => {
  it('is recorded once, answers the request that waits, and holds for that version alone', async () => {
    const mirror = await fixture.addMirror({ rules: { patchOnly: true } });
    const name = aProvider();
    await gate.request(mirror, name, '1.0.1');
    const confirmed = { version: '1.0.1', isAutoApproved: true };
    const arrivals = [1, 2, 3].map(() =>
      app.get(Transactions).run(() => gate.confirm(mirror, name, confirmed)),
    );
    await Promise.all(arrivals);
    const requests = await requestsOf(mirror);
    expect(requests.filter(({ status }) => status === 'pending')).toEqual([]);
    expect(requests).toMatchObject([
      { status: 'approved', upstream_version: '1.0.1', is_auto_approved: true },
    ]);
    const records = await app.query(
      `SELECT action, metadata FROM audit_entries WHERE resource_id = $1 ORDER BY chain_seq`,
      [requests[0]!.id],
    );
    expect(records).toMatchObject([
      { action: 'mirror.approval_requested' },
      { action: 'mirror.auto_approved', metadata: { version: '1.0.1', rules: { patchOnly: true } } },
    ]);
    const opened = await gate.of({ ...mirror, autoApproval: null }, name);
    const admits = (version: string) =>
      opened.admits({ version, firstSeenAt: new Date(0), isReleased: false, heldVersions: [] }).kind;
    expect([admits('1.0.1'), admits('1.0.2')]).toEqual(['admitted', 'needs-approval']);
    const shown = await fixture.admin(`/api/v1/admin/approvals/${requests[0]!.id}`);
    expect(shown.json()).toMatchObject({ auto_approved: true, version: '1.0.1' });
  });
});

describe('the last look before something becomes visible', () => {
  it('refuses what is no longer allowed, and records what rules approve', async () => {
    const mirror = await fixture.addMirror({ rules: { patchOnly: true } });
    const name = aProvider();
    const confirm = (isAutoApproved: boolean) =>
      app.get(Transactions).run(() => gate.confirm(mirror, name, { version: '1.0.0', isAutoApproved }));
    await expect(confirm(false)).rejects.toThrow(MirroringNoLongerAllowed);
    await confirm(true);
    expect(await requestsOf(mirror)).toMatchObject([{ is_auto_approved: true }]);
    await confirm(false);
    const denial = await fixture.addPolicy({ policy_type: 'deny', provider_pattern: name.type });
    await expect(confirm(true)).rejects.toThrow(/may no longer be mirrored: Denied by policy/);
    await fixture.removePolicy(denial);
  });
});
