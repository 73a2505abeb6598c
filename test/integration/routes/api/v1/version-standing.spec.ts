import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp } from '../../../../support/test-app.js';
import { expectApiError, expectProtocolError } from '../../support/expectations.js';
import { LIVING_KINDS, LivingVersion } from '../../support/living-version.js';

/** Where a version can be; `held` is quarantined, and a deleted version may be quarantined too. */
type Place =
  'active' | 'hidden' | 'refused' | 'held' | 'held, hidden' | 'held, refused' | 'deleted' | 'deleted, held';
type Action = keyof typeof ACTIONS;

const REASON = 'CVE-2026-1: use 1.0.1';

/** Every place and every action: the status, and where the version is then. */
const TABLE: Readonly<Record<Place, Readonly<Record<Action, readonly [number, Place]>>>> = {
  active: {
    hide: [200, 'hidden'],
    refuse: [200, 'refused'],
    hold: [200, 'held'],
    restore: [409, 'active'],
    'restore as administrator': [409, 'active'],
    remove: [200, 'deleted'],
    publish: [409, 'active'],
  },
  hidden: {
    hide: [409, 'hidden'],
    refuse: [409, 'hidden'],
    hold: [200, 'held, hidden'],
    restore: [200, 'active'],
    'restore as administrator': [200, 'active'],
    remove: [200, 'deleted'],
    publish: [409, 'hidden'],
  },
  refused: {
    hide: [409, 'refused'],
    refuse: [409, 'refused'],
    hold: [200, 'held, refused'],
    restore: [200, 'active'],
    'restore as administrator': [200, 'active'],
    remove: [200, 'deleted'],
    publish: [409, 'refused'],
  },
  held: heldRow('held', 'active'),
  'held, hidden': heldRow('held, hidden', 'hidden'),
  'held, refused': heldRow('held, refused', 'refused'),
  deleted: {
    hide: [404, 'deleted'],
    refuse: [404, 'deleted'],
    hold: [404, 'deleted'],
    restore: [404, 'deleted'],
    'restore as administrator': [404, 'deleted'],
    remove: [404, 'deleted'],
    publish: [201, 'active'],
  },
  'deleted, held': {
    hide: [404, 'deleted, held'],
    refuse: [404, 'deleted, held'],
    hold: [404, 'deleted, held'],
    restore: [403, 'deleted, held'],
    'restore as administrator': [200, 'deleted'],
    remove: [404, 'deleted, held'],
    publish: [409, 'deleted, held'],
  },
};

function heldRow(place: Place, before: Place) {
  return {
    hide: [409, place],
    refuse: [409, place],
    hold: [409, place],
    restore: [403, place],
    'restore as administrator': [200, before],
    remove: [200, 'deleted, held'],
    publish: [409, place],
  } as const;
}

/** What everybody sees: in the lean list, in the rich ones (also as a writer), at the download, behind its links. */
const SIGHT: Readonly<
  Record<Place, readonly [boolean, string | undefined, string | undefined, boolean | number, number]>
> = {
  active: [true, 'active', 'active', true, 200],
  hidden: [false, 'withdrawn', 'withdrawn', true, 200],
  refused: [false, 'withdrawn', 'withdrawn', 410, 200],
  held: [false, undefined, 'quarantined', 410, 410],
  'held, hidden': [false, undefined, 'quarantined', 410, 410],
  'held, refused': [false, undefined, 'quarantined', 410, 410],
  deleted: [false, undefined, undefined, 404, 200],
  'deleted, held': [false, undefined, undefined, 404, 410],
};

const WAYS: Readonly<Record<Place, readonly Action[]>> = {
  active: [],
  hidden: ['hide'],
  refused: ['refuse'],
  held: ['hold'],
  'held, hidden': ['hide', 'hold'],
  'held, refused': ['refuse', 'hold'],
  deleted: ['remove'],
  'deleted, held': ['hold', 'remove'],
};

interface Keys {
  readonly writer: string;
  readonly admin: string;
}

const ACTIONS = {
  hide: (one: LivingVersion, { writer }: Keys) => one.act('withdraw', { reason: REASON }, writer),
  refuse: (one: LivingVersion, { writer }: Keys) =>
    one.act('withdraw', { reason: REASON, mode: 'refuse' }, writer),
  hold: (one: LivingVersion, { admin }: Keys) => one.act('quarantine', { reason: REASON }, admin),
  restore: (one: LivingVersion, { writer }: Keys) => one.act('restore', undefined, writer),
  'restore as administrator': (one: LivingVersion, { admin }: Keys) => one.act('restore', undefined, admin),
  remove: (one: LivingVersion, { writer }: Keys) => one.remove(writer),
  publish: (one: LivingVersion) => one.publish(),
};
const STATES: Partial<Record<Place, string>> = {
  active: 'active',
  hidden: 'withdrawn',
  refused: 'withdrawn',
  deleted: 'deleted',
};

let app: TestApp;
let keys: Keys;

beforeAll(async () => {
  app = await TestApp.start();
  keys = { writer: app.publisherKey, admin: await app.issueKey('admin') };
});
afterAll(() => app?.stop());

/** A version with the links that were given out when it was published. */
async function published(
  kind: (typeof LIVING_KINDS)[number],
): Promise<{ one: LivingVersion; links: string[] }> {
  const one = LivingVersion.of(app, kind);
  expect((await one.publish()).status).toBe(201);
  return { one, links: await one.links() };
}

async function expectSight(one: LivingVersion, links: readonly string[], place: Place): Promise<void> {
  const [isListed, forReaders, forWriters, download, file] = SIGHT[place];
  const shown = async (key?: string) => (await one.shown(key))?.state;
  const { versions } = await one.lean();
  const { status } = await one.download();
  const files = await Promise.all(links.map(async (link) => (await app.fetchLink(link)).status));
  expect({
    isListed: versions.some(({ version }) => version === one.version),
    forReaders: await shown(),
    forWriters: await shown(keys.writer),
    download: status < 300 || status,
    files,
    latest: (await one.detail()).latest_version,
  }).toEqual({
    isListed,
    forReaders,
    forWriters,
    download,
    files: links.map(() => file),
    latest: place === 'active' ? one.version : '',
  });
}

describe.each(LIVING_KINDS)('the life of a version of a %s', (kind) => {
  it.each(Object.keys(TABLE) as Place[])('goes on from "%s" by the table (checklist 58)', async (place) => {
    for (const [action, [status, next]] of Object.entries(TABLE[place]) as [
      Action,
      readonly [number, Place],
    ][]) {
      const { one, links } = await published(kind);
      for (const step of WAYS[place]) expect((await ACTIONS[step](one, keys)).status).toBe(200);
      const answer = await ACTIONS[action](one, keys);
      expect([action, answer.status], answer.body.toString()).toEqual([action, status]);
      if (status === 200 && action.startsWith('restore')) {
        expect(answer.json()).toEqual({
          message: expect.stringMatching(/successfully$/),
          state: STATES[next],
        });
      }
      if (status === 409 || status === 403) expect(answer.json()).toMatchObject({ code: expect.any(String) });
      await expectSight(one, links, next);
    }
  });

  it('goes on by the table whatever is done in whatever order', async () => {
    const actions = fc.array(fc.constantFrom(...(Object.keys(ACTIONS) as Action[])), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(actions, async (steps) => {
        const { one, links: first } = await published(kind);
        let links = first;
        let place: Place = 'active';
        for (const action of steps) {
          const [status, next]: readonly [number, Place] = TABLE[place][action];
          const answer = await ACTIONS[action](one, keys);
          expect([place, action, answer.status]).toEqual([place, action, status]);
          place = next;
          // The registry signs what comes back anew; the signature before it belongs to no version any more.
          if (status === 201) links = await one.links();
          await expectSight(one, links, place);
        }
      }),
      { numRuns: 12, endOnFailure: true },
    );
  });

  it('shows reason and mode to readers, and the reason of a refused download on one line', async () => {
    const { one } = await published(kind);
    const reason = `Wrong\n\u001b[31mdefault\u0007`;
    const withdrawn = await one.act('withdraw', { reason, mode: 'refuse' }, keys.writer);
    expect(withdrawn.json()).toEqual({ message: 'Version withdrawn successfully', state: 'withdrawn' });
    expect(await one.shown()).toMatchObject({
      state: 'withdrawn',
      state_reason: reason,
      withdraw_mode: 'refuse',
    });
    const cli = await one.download();
    const line = 'Wrong [31mdefault';
    expect(cli).toMatchObject({ status: 410, reason: line });
    if (kind === 'module') {
      expect(cli.headers['content-type']).toBe('text/plain; charset=utf-8');
      expect(cli.body.toString()).toBe(`${line}\n`);
    } else expectProtocolError(cli, 410, line);
    await one.act('restore', undefined, keys.writer);
    const restored = await one.shown();
    expect(restored).not.toHaveProperty('state_reason');
    expect(restored).not.toHaveProperty('withdraw_mode');
  });

  it('is told to a reader, a writer and an administrator in different words', async () => {
    const { one } = await published(kind);
    const reader = await app.issueKey('modules:read,providers:read');
    const scope = `${kind}s:write`;
    const missing = (needed: string) => ({ details: `Required scope: ${needed}` });
    const withdraw = await one.act('withdraw', { reason: REASON }, reader);
    expectApiError(withdraw, 403, 'Missing required scope', missing(scope));
    for (const key of [reader, keys.writer]) {
      const answer = await one.act('quarantine', { reason: REASON }, key);
      expectApiError(answer, 403, 'Missing required scope', missing('admin'));
    }
    await ACTIONS.hold(one, keys);
    expectApiError(await ACTIONS.restore(one, keys), 403, 'Missing required scope', missing('admin'));
    expect((await one.shown(reader))?.state).toBeUndefined();
    expect((await one.shown(keys.admin))?.state_reason).toBe(REASON);
  });

  it.each([
    ['withdraw', {}, /reason/],
    ['withdraw', { reason: ' \n' }, /reason must say why/],
    ['withdraw', { reason: 'x'.repeat(2001) }, /reason/],
    ['withdraw', { reason: 7 }, /reason/],
    ['withdraw', { reason: 'x', mode: 'gone' }, /mode/],
    ['quarantine', {}, /reason/],
    ['quarantine', { reason: '' }, /reason/],
  ])('refuses %s with %j', async (action, body, sentence) => {
    const { one } = await published(kind);
    const answer = await one.act(action, body, keys.admin);
    expect(answer.status).toBe(400);
    expect(answer.json<{ error: string }>().error).toMatch(sentence);
    expect((await one.act(action, { reason: 'x'.repeat(2000) }, keys.admin)).status).toBe(200);
  });

  it('says 404 for what does not exist, and 400 for what is no version', async () => {
    const { one } = await published(kind);
    const other = LivingVersion.of(app, kind);
    const title = kind === 'module' ? 'Module' : 'Provider';
    for (const [action, body] of [
      ['withdraw', { reason: 'x' }],
      ['quarantine', { reason: 'x' }],
      ['restore', undefined],
    ] as const) {
      expectApiError(await other.act(action, body, keys.admin), 404, `${title} not found`);
      const path = one.apiPath.replace('1.0.0', '9.9.9');
      const absent = await app.request(`${path}/${action}`, { method: 'POST', key: keys.admin, json: body });
      expectApiError(absent, 404, 'Version not found');
      const strange = await app.request(`${one.apiPath.replace('1.0.0', 'x')}/${action}`, {
        method: 'POST',
        key: keys.admin,
        json: body,
      });
      expect(strange.status).toBe(400);
    }
  });

  it('names a replacement, which must be an address of this registry', async () => {
    const { one } = await published(kind);
    const replacement = kind === 'module' ? 'acme/vpc2/aws' : 'acme/cloud2';
    const answer = await one.act('deprecate', { message: 'Old.', replacement }, keys.writer);
    expect(answer.status).toBe(200);
    expect(await one.shown()).toMatchObject({ deprecated: true, replacement });
    const lean = await one.lean();
    if (kind === 'module')
      expect(lean.versions[0]?.deprecation).toEqual({ reason: 'Old.', link: replacement });
    else
      expect(lean.warnings).toEqual([
        expect.stringContaining(`is deprecated: Old. Use ${replacement} instead.`),
      ]);
    for (const wrong of [
      'https://example.com/x',
      'acme',
      'acme/x/aws/1.0.0',
      'acme//aws',
      '../x/aws',
      `${replacement}/`,
    ]) {
      const refused = await one.act('deprecate', { replacement: wrong }, keys.writer);
      expect([wrong, refused.status]).toEqual([wrong, 400]);
    }
    await one.act('deprecate', {}, keys.writer);
    expect(await one.shown()).not.toHaveProperty('replacement');
  });
});
