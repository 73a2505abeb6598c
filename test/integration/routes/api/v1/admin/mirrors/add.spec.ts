import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp } from '../../../../../../support/test-app.js';
import { aTime, anUuid, expectApiError } from '../../../../support/expectations.js';
import { aMirror, MirrorUser, QUIET, type ShownMirror, UPSTREAM } from './support.js';

const TOKEN = 'test-only-upstream-token';

let app: TestApp;
let manager: MirrorUser;

beforeAll(async () => {
  app = await TestApp.start(QUIET);
  manager = await MirrorUser.administering(app);
});
afterAll(() => app?.stop());

describe('adding a mirror', () => {
  it('answers it with the defaults of what was left out', async () => {
    const { name } = aMirror();
    const answer = await manager.add({ name, upstream_registry_url: UPSTREAM });
    expect([answer.status, answer.json()]).toEqual([
      201,
      {
        id: anUuid,
        name,
        upstream_registry_url: UPSTREAM,
        upstream_token_set: false,
        with_prereleases: false,
        key_trust: 'partner',
        cool_down_days: 0,
        pull_through: false,
        enabled: true,
        sync_interval_hours: 24,
        next_sync_at: aTime,
        created_at: aTime,
        updated_at: aTime,
      },
    ]);
  });

  it('keeps everything that may be said, filters as JSON text', async () => {
    const said = {
      description: 'What pipelines use',
      with_prereleases: true,
      key_trust: 'pinned',
      cool_down_days: 7,
      auto_approval: {
        signed_by_trusted_key: true,
        patch_only: true,
        version_constraint: '~> 5.0',
        min_age_days: 3,
      },
      pull_through: true,
      keep_versions: 5,
      keep_used_days: 90,
      enabled: false,
      sync_interval_hours: 6,
      version_filter: '>= 3.0, < 6.0',
    };
    const filters = {
      namespace_filter: ['hashicorp', 'my-*'],
      provider_filter: ['aws', 'azure*'],
      platform_filter: ['linux/amd64'],
    };
    const answer = await manager.add({ ...aMirror(), ...said, ...filters, upstream_token: TOKEN });
    expect(answer.status).toBe(201);
    const shown = answer.json<ShownMirror>();
    expect(shown).toMatchObject({
      ...said,
      upstream_token_set: true,
      namespace_filter: '["hashicorp","my-*"]',
      provider_filter: '["aws","azure*"]',
      platform_filter: '["linux/amd64"]',
    });
    expect(shown).not.toHaveProperty('next_sync_at');
    expect((await manager.get(shown.id)).json()).toEqual(shown);
  });

  it('leaves fields out of the answer that are empty', async () => {
    const empty = {
      description: '',
      organization_id: '',
      upstream_token: '',
      namespace_filter: [],
      version_filter: '',
      platform_filter: null,
      auto_approval: null,
      keep_versions: null,
    };
    expect(Object.keys(await manager.added(empty))).toEqual(Object.keys(await manager.added()));
  });

  it('takes an upstream for what it is, whatever its spelling', async () => {
    const { upstream_registry_url: url } = await manager.added({
      upstream_registry_url: 'HTTPS://Upstream.Invalid:443/',
    });
    expect(url).toBe('https://upstream.invalid');
  });

  it('refuses what is missing or wrong, by field, with a sentence, and stores nothing', async () => {
    const before = await manager.names();
    const wrong: [object, string][] = [
      [{ name: undefined }, 'name'],
      [{ name: '' }, 'name'],
      [{ name: ' \t' }, 'name'],
      [{ name: 'a\nb' }, 'name'],
      [{ name: 'a'.repeat(256) }, 'name'],
      [{ name: 7 }, 'name'],
      [{ upstream_registry_url: undefined }, 'upstream_registry_url'],
      [{ upstream_registry_url: 'registry.terraform.io' }, 'upstream_registry_url'],
      [{ upstream_registry_url: 'ftp://upstream.invalid' }, 'upstream_registry_url'],
      [{ upstream_registry_url: 'https://me:secret@upstream.invalid' }, 'upstream_registry_url'],
      [{ upstream_registry_url: 'https://upstream.invalid/v1/providers' }, 'upstream_registry_url'],
      [{ description: 'a'.repeat(2001) }, 'description'],
      [{ organization_id: 'mine' }, 'organization_id'],
      [{ namespace_filter: 'hashicorp' }, 'namespace_filter'],
      [{ namespace_filter: ['hashi corp'] }, 'namespace_filter'],
      [{ provider_filter: ['*/aws'] }, 'provider_filter'],
      [{ provider_filter: Array.from({ length: 501 }, (_, i) => `p${i}`) }, 'provider_filter'],
      [{ version_filter: 'latest' }, 'version_filter'],
      [{ version_filter: '>= 3.0, 4.0' }, 'version_filter'],
      [{ platform_filter: ['linux_amd64'] }, 'platform_filter'],
      [{ platform_filter: [7] }, 'platform_filter'],
      [{ key_trust: 'everybody' }, 'key_trust'],
      [{ with_prereleases: 'yes' }, 'with_prereleases'],
      [{ sync_interval_hours: 0 }, 'sync_interval_hours'],
      [{ sync_interval_hours: 8761 }, 'sync_interval_hours'],
      [{ sync_interval_hours: 1.5 }, 'sync_interval_hours'],
      [{ cool_down_days: -1 }, 'cool_down_days'],
      [{ keep_versions: 0 }, 'keep_versions'],
      [{ keep_used_days: 36_501 }, 'keep_used_days'],
      [{ auto_approval: true }, 'auto_approval'],
      [{ auto_approval: {} }, 'auto_approval'],
      [{ auto_approval: { patch_only: false, version_constraint: '' } }, 'auto_approval'],
      [{ auto_approval: { min_age_days: 0 } }, 'auto_approval.min_age_days'],
      [{ auto_approval: { patch_only: 'yes' } }, 'auto_approval.patch_only'],
      [{ auto_approval: { version_constraint: 'newest' } }, 'auto_approval.version_constraint'],
      [{ upstream_token: 'with space' }, 'upstream_token'],
    ];
    for (const [change, field] of wrong) {
      const answer = await manager.add({ ...aMirror(), ...change });
      const { error, fields } = answer.json<{ error: string; fields?: Record<string, string> }>();
      expect([change, answer.status, Object.keys(fields ?? {})]).toEqual([change, 400, [field]]);
      expect(error.length).toBeGreaterThan(10);
    }
    expect(await manager.names()).toEqual(before);
  });

  it('takes the largest numbers that are allowed', async () => {
    const most = {
      sync_interval_hours: 8760,
      cool_down_days: 36_500,
      keep_versions: 100_000,
      keep_used_days: 36_500,
    };
    expect(await manager.added({ name: 'n'.repeat(255), ...most })).toMatchObject(most);
  });

  it('refuses an upstream that this server may not reach, when it is entered', async () => {
    const closed = ['http://127.0.0.1:8080', 'http://10.0.0.1', 'https://[::1]', 'http://169.254.169.254'];
    for (const upstream_registry_url of [...closed, 'http://localhost:1']) {
      const answer = await manager.add({ ...aMirror(), upstream_registry_url });
      expectApiError(answer, 400, /may not be reached.*security\.egress\.allowlist/, {
        fields: { upstream_registry_url: expect.any(String) as string },
      });
    }
    await manager.added({ upstream_registry_url: 'http://127.0.0.3:8080' });
  });

  it('refuses this registry itself as upstream', async () => {
    const answer = await manager.add({ ...aMirror(), upstream_registry_url: 'http://registry.test' });
    expectApiError(answer, 400, /is the registry itself/, { fields: expect.anything() as object });
  });

  it('sends no token over an open line', async () => {
    const upstream_registry_url = 'http://127.0.0.3:8080';
    const answer = await manager.add({ ...aMirror(), upstream_registry_url, upstream_token: TOKEN });
    expectApiError(answer, 400, /begins with https:\/\//, { fields: expect.anything() as object });
  });

  it('keeps the token where nobody reads it', async () => {
    const { id } = await manager.added({ upstream_token: TOKEN });
    const shown = [await manager.get(id), await manager.get(id, '/status'), await manager.request('')];
    for (const { body } of shown) expect(body.toString()).not.toContain(TOKEN);
    const tables = ['mirrors', 'audit_entries'];
    for (const table of tables) {
      const rows = await app.query<{ text: string }>(`SELECT t::text AS text FROM ${table} t`);
      const texts = rows.map(({ text }) => text).join('\n');
      expect(texts).not.toContain(TOKEN);
      expect(texts).not.toContain(Buffer.from(TOKEN).toString('hex'));
    }
    expect(app.logged().join('\n')).not.toContain(TOKEN);
  });

  it('is recorded', async () => {
    const mirror = await manager.added({ upstream_token: TOKEN, key_trust: 'pinned' });
    const [entry] = await app.query<{ action: string; metadata: { after: object } }>(
      `SELECT action, metadata FROM audit_entries WHERE resource_id = $1`,
      [mirror.id],
    );
    expect(entry).toMatchObject({
      action: 'POST /api/v1/admin/mirrors',
      metadata: { after: { name: mirror.name, upstream_token_set: true, trust: 'pinned' } },
    });
  });

  it('refuses a name that another mirror has, in any case', async () => {
    const { name } = await manager.added();
    expectApiError(
      await manager.add({ ...aMirror(), name: name.toUpperCase() }),
      409,
      'Mirror configuration with this name already exists',
    );
  });

  it('keeps one of those that get one name at the same moment', async () => {
    const { name } = aMirror();
    const answers = await Promise.all(Array.from({ length: 8 }, () => manager.add({ ...aMirror(), name })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(7).fill(409)]);
  });

  it('belongs to nobody in particular unless an organization is named', async () => {
    const [platform] = await app.query<{ id: string }>('SELECT id FROM organizations WHERE is_default');
    const team = await app.addOrganization('a-team');
    expect(await manager.added({ organization_id: platform!.id })).toMatchObject({
      organization_id: platform!.id,
    });
    // With one tenant the default organization owns everything.
    expect(await manager.added({ organization_id: team })).toMatchObject({ organization_id: platform!.id });
    expect(await manager.added()).not.toHaveProperty('organization_id');
  });
});
