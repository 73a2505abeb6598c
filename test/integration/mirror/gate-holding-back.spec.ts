import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MirrorGate } from '../../../src/mirror/domain/mirror-gate.js';
import { MirroringNoLongerAllowed } from '../../../src/mirror/domain/mirror-decisions.errors.js';
import type { Mirror } from '../../../src/mirror/domain/mirror.js';
import { ReevaluateMirroredProvidersJob } from '../../../src/mirror/jobs/reevaluate-mirrored-providers.job.js';
import { mirrorRelease } from '../../support/mirrored-release.js';
import { TestApp } from '../../support/test-app.js';
import { aName, answersOf, expectAll, GateFixture, HOST } from './gate-fixture.js';

let app: TestApp;
let replica: TestApp;
let fixture: GateFixture;
let mirror: Mirror;

/** What is held back here is held back by a test, not by the policies that exist from the start. */
beforeAll(async () => {
  app = await TestApp.start({
    TFR_AUTH_ANONYMOUS_READ: 'true',
    TFR_MIRROR_APPROVAL_CHECK_INTERVAL: '1s',
  });
  replica = await app.another();
  fixture = await GateFixture.of(app);
  mirror = await fixture.addMirror();
});

afterAll(async () => {
  await fixture.settled();
  await replica.stop();
  await app.stop();
});

describe('what a policy forbids', () => {
  it('is absent on another replica, comes back unchanged, and stays so over a restart', async () => {
    const allowed = await fixture.addPolicy({ policy_type: 'allow', priority: 5 });
    const provider = await fixture.bring(mirror);
    const { namespace, type } = provider;
    await expectAll(replica, provider, 200);
    const before = await answersOf(replica, provider);

    const denial = await fixture.addPolicy({
      name: `no ${type}`,
      policy_type: 'deny',
      namespace_pattern: namespace,
    });
    await expectAll(replica, provider, 404);
    await expectAll(app, provider, 404);
    expect(await fixture.heldBack(provider)).toBe(`Denied by policy: no ${type}`);
    const restarted = await app.another();
    try {
      await expectAll(restarted, provider, 404);
      const absent = await answersOf(restarted, { namespace, type: aName('absent') });
      const told = (await answersOf(restarted, provider)).map(({ status, json }) => [
        status,
        { ...json(), request_id: '' },
      ]);
      expect(told).toEqual(absent.map(({ status, json }) => [status, { ...json(), request_id: '' }]));
    } finally {
      await restarted.stop();
    }

    await fixture.removePolicy(denial);
    await expectAll(replica, provider, 200);
    const after = await answersOf(replica, provider);
    expect(after[0]!.json()).toEqual(before[0]!.json());
    expect(after[2]!.json()).toEqual(before[2]!.json());
    await fixture.settled();
    const [row] = await app.query<{ id: string }>(
      'SELECT id FROM registry_providers WHERE namespace = $1 AND type = $2',
      [namespace, type],
    );
    const records = await app.query(
      `SELECT action, metadata FROM audit_entries WHERE resource_id = $1 AND action LIKE 'JOB %' ORDER BY chain_seq`,
      [row!.id],
    );
    expect(records).toMatchObject([
      {
        metadata: {
          before: { held_back_reason: null },
          after: { held_back_reason: `Denied by policy: no ${type}` },
        },
      },
      { metadata: { after: { held_back_reason: null } } },
    ]);
    await fixture.removePolicy(allowed);
  });

  it('is only what mirrors of its organization brought', async () => {
    const allowed = await fixture.addPolicy({ policy_type: 'allow', priority: 5 });
    const acme = await app.addOrganization(aName('acme'));
    const theirs = await fixture.bring(await fixture.addMirror({ organizationId: acme }));
    const shared = await fixture.bring(mirror);
    const denial = await fixture.addPolicy({ policy_type: 'deny', organization_id: acme });
    await expectAll(replica, theirs, 404);
    await fixture.settled();
    await expectAll(replica, shared, 200);
    await fixture.removePolicy(denial);
    await expectAll(replica, theirs, 200);
    await fixture.removePolicy(allowed);
    await fixture.settled();
  });

  it('is held back although its mirror was deleted, and stays where only an approval is missing', async () => {
    const allowed = await fixture.addPolicy({ policy_type: 'allow', priority: 5 });
    const gone = await fixture.addMirror();
    const provider = await fixture.bring(gone);
    await app.query('DELETE FROM mirrors WHERE id = $1', [gone.id]);
    await fixture.removePolicy(allowed);
    await fixture.settled();
    await expectAll(replica, provider, 200);
    const denial = await fixture.addPolicy({ policy_type: 'deny', provider_pattern: provider.type });
    await expectAll(replica, provider, 404);
    await fixture.removePolicy(denial);
    await fixture.settled();
    expect(await fixture.heldBack(provider)).toMatch(/^Denied by policy/);
    const again = await fixture.addPolicy({ policy_type: 'allow', provider_pattern: provider.type });
    await expectAll(replica, provider, 200);
    await fixture.removePolicy(again);
  });
});

describe('what needs an approval', () => {
  it('is offered while an approval holds: approved, rejected, approved again, and over by itself', async () => {
    const provider = await fixture.bring(mirror);
    const first = await fixture.ask(mirror, provider);
    const touch = await fixture.addPolicy({ policy_type: 'deny', provider_pattern: 'nothing-at-all' });
    await expectAll(replica, provider, 404);
    expect(await fixture.heldBack(provider)).toBe(
      'Waiting for an approval, demanded by policy: default-require-approval-any',
    );

    await fixture.review(first, { status: 'approved' });
    await expectAll(replica, provider, 200);
    await fixture.review(await fixture.ask(mirror, provider), { status: 'rejected' });
    await expectAll(replica, provider, 404);
    expect(await fixture.heldBack(provider)).toBe('The request to mirror this provider was rejected');

    const last = await fixture.ask(mirror, provider);
    const expires_at = new Date(Date.now() + 3_600_000).toISOString();
    await fixture.review(last, { status: 'approved', expires_at });
    await expectAll(replica, provider, 200);
    await app.query(`UPDATE mirror_approvals SET expires_at = now() WHERE id = $1`, [last]);
    await expectAll(replica, provider, 404);
    const records = () =>
      app.query(`SELECT FROM audit_entries WHERE resource_id = $1 AND action = 'mirror.approval_expired'`, [
        last,
      ]);
    await vi.waitFor(async () => expect(await records()).toHaveLength(1));

    await fixture.review(last, { status: 'approved', expires_at });
    await expectAll(replica, provider, 200);
    await fixture.removePolicy(touch);
    await fixture.settled();
  });

  it('is offered when the whole namespace is approved, or as far as versions are by themselves', async () => {
    const provider = await fixture.bring(mirror);
    await fixture.bring(mirror, provider, '2.0.0');
    const first = await fixture.ask(mirror, provider, '1.0.0');
    const second = await fixture.ask(mirror, provider, '2.0.0');
    const touch = await fixture.addPolicy({ policy_type: 'deny', provider_pattern: 'nothing-at-all' });
    await expectAll(replica, provider, 404);
    await fixture.review(first, { status: 'approved' });
    const expectSecond = (wanted: 'offered' | 'held back') =>
      vi.waitFor(
        async () => {
          const answers = await answersOf(replica, provider, '2.0.0');
          const [page, gone] = wanted === 'offered' ? [200, 200] : [404, 410];
          expect(answers.map((one) => one.status)).toEqual([200, page, 200, gone]);
          const { versions } = answers[0]!.json<{ versions: object }>();
          expect(Object.keys(versions)).toEqual(wanted === 'offered' ? ['2.0.0', '1.0.0'] : ['1.0.0']);
        },
        { timeout: 30_000, interval: 20 },
      );
    await expectSecond('held back');
    const reason = () =>
      app.query(
        `SELECT v.version, v.state, v.state_reason AS reason FROM provider_versions v
         JOIN registry_providers p ON p.id = v.provider_id WHERE p.type = $1 ORDER BY v.version`,
        [provider.type],
      );
    const waits =
      'Held back by its mirror: Waiting for an approval, demanded by policy: default-require-approval-any';
    expect(await reason()).toEqual([
      { version: '1.0.0', state: 'active', reason: null },
      { version: '2.0.0', state: 'quarantined', reason: waits },
    ]);
    await fixture.review(second, { status: 'approved' });
    await expectSecond('offered');
    await fixture.review(await fixture.ask(mirror, provider, '2.0.0'), { status: 'rejected' });
    await expectSecond('held back');
    await expectAll(replica, provider, 200);
    expect(await reason()).toMatchObject([
      { state: 'active' },
      { reason: 'Held back by its mirror: The request to mirror this version was rejected' },
    ]);
    const { namespace } = provider;
    const answer = await fixture.admin('/api/v1/admin/approvals', {
      method: 'POST',
      json: { mirror_config_id: mirror.id, provider_namespace: namespace },
    });
    await fixture.review(answer.json<{ id: string }>().id, { status: 'approved' });
    await expectSecond('offered');
    await expectAll(replica, provider, 200);
    await fixture.removePolicy(touch);
    await fixture.settled();
  });

  it('is offered when one of several mirrors may bring it', async () => {
    const second = await fixture.addMirror();
    const provider = await fixture.bring(mirror);
    await fixture.seen(second, provider);
    await fixture.review(await fixture.ask(mirror, provider), { status: 'rejected' });
    await expectAll(replica, provider, 404);
    await fixture.review(await fixture.ask(second, provider), { status: 'approved' });
    await expectAll(replica, provider, 200);
    const third = await fixture.addMirror();
    const other = await fixture.bring(mirror);
    await fixture.review(await fixture.ask(mirror, other), { status: 'rejected' });
    await expectAll(replica, other, 404);
    await fixture.review(await fixture.ask(third, other), { status: 'approved' });
    await fixture.settled();
    expect(await fixture.heldBack(other)).not.toBeNull();
    await fixture.seen(third, other);
    await app.get(ReevaluateMirroredProvidersJob).run({}, new AbortController().signal);
    await expectAll(replica, other, 200);
  });
});

describe('evaluating again', () => {
  it('goes on where it was stopped, and does nothing the second time', async () => {
    const providers = [];
    for (let count = 0; count < 5; count += 1) providers.push(await fixture.bring(mirror));
    const job = app.get(ReevaluateMirroredProvidersJob);
    const stopped = AbortSignal.abort();
    await job.run({ scope: { mirrorId: mirror.id } }, stopped);
    await fixture.settled();
    for (const provider of providers) expect(await fixture.heldBack(provider)).toMatch(/^Waiting/);
    const count = async () =>
      (await app.query<{ count: string }>('SELECT count(*) FROM audit_entries'))[0]!.count;
    const before = await count();
    await job.run({}, new AbortController().signal);
    expect(await count()).toBe(before);
  });

  it('never leaves something offered that was denied while it arrived', async () => {
    const allowed = await fixture.addPolicy({ policy_type: 'allow', priority: 5 });
    const gate = app.get(MirrorGate);
    for (let round = 0; round < 12; round += 1) {
      const provider = { namespace: aName('race'), type: aName('p') };
      await fixture.seen(mirror, provider);
      const arrival = mirrorRelease(app, {
        host: HOST,
        ...provider,
        fence: () => gate.confirm(mirror, provider, { version: '1.0.0', isAutoApproved: false }),
      });
      const [arrived] = await Promise.allSettled([
        arrival,
        new Promise((done) => setTimeout(done, round * 4)).then(() =>
          fixture.addPolicy({ policy_type: 'deny', namespace_pattern: provider.namespace }),
        ),
      ]);
      if (arrived.status === 'rejected') {
        expect(arrived.reason).toBeInstanceOf(MirroringNoLongerAllowed);
      } else {
        await fixture.settled();
        expect(await fixture.heldBack(provider)).toMatch(/^Denied/);
      }
      await expectAll(replica, provider, 404);
    }
    await fixture.removePolicy(allowed);
  });
});
