import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InvalidInput } from '../../../src/kernel/invalid-input.js';
import { DefaultNeedsAdministrator } from '../../../src/orgs/domain/organizations.errors.js';
import { OrganizationNotFound } from '../../../src/orgs/domain/orgs.errors.js';
import { runOrgCommand } from '../../../src/orgs/org-commands.js';
import { TestApp } from '../../support/test-app.js';
import { addPerson, Browser, defaultOrganizationOf } from '../auth/support/browser.js';

describe('org set-default', () => {
  let app: TestApp;
  let before: string;
  let next: string;

  beforeAll(async () => {
    app = await TestApp.start({ TFR_MULTI_TENANCY_ENABLED: 'true' });
    before = await defaultOrganizationOf(app);
    next = await app.addOrganization('acme');
  });
  afterAll(() => app?.stop());

  async function run(...args: string[]) {
    const [printed, hints]: [string[], string[]] = [[], []];
    const output = { print: (line: string) => printed.push(line), hint: (line: string) => hints.push(line) };
    const status = await runOrgCommand(args, app.server.app, output);
    return { status, printed, hints: hints.join('\n') };
  }

  it('asks for the name of one organization that exists', async () => {
    for (const args of [
      [],
      ['set-default'],
      ['set-default', 'a', 'b'],
      ['set-default', '--force'],
      ['rename'],
    ]) {
      await expect(run(...args)).rejects.toThrow(InvalidInput);
    }
    await expect(run('set-default', 'nobody')).rejects.toThrow(OrganizationNotFound);
    expect(await run('set-default', 'default')).toMatchObject({ status: 0, printed: [] });
  });

  it('refuses an organization that nobody administers', async () => {
    await expect(run('set-default', 'acme', '--yes')).rejects.toThrow(DefaultNeedsAdministrator);
    expect(await defaultOrganizationOf(app)).toBe(before);
  });

  it('says what changes, and changes it only when that is confirmed', async () => {
    const old = await Browser.signIn(app, await addPerson(app, { [before]: 'admin' }));
    const fresh = await Browser.signIn(app, await addPerson(app, { [next]: 'admin' }));
    const asked = await run('set-default', 'acme');
    expect(asked).toMatchObject({ status: 1, printed: [] });
    expect(asked.hints).toContain('changes from default to acme');
    expect(asked.hints).toContain('The 1 administrators of default no longer administer the platform');
    expect(asked.hints).toContain('--yes');
    expect(await defaultOrganizationOf(app)).toBe(before);
    expect(await run('set-default', '--yes', 'acme')).toMatchObject({ status: 0, printed: [next] });
    expect(await defaultOrganizationOf(app)).toBe(next);
    const admits = async (by: Browser) => {
      const json = { name: 'org-set-default', display_name: 'x', scopes: ['modules:read'] };
      const path = '/api/v1/admin/role-templates';
      return (await by.request(path, { method: 'POST', json, proof: 'handle' })).status;
    };
    expect([await admits(old), await admits(fresh)]).toEqual([403, 201]);
    const records = await app.query(
      `SELECT 1 FROM audit_entries WHERE action = 'COMMAND org set-default' AND organization_id = $1`,
      [next],
    );
    expect(records).toHaveLength(1);
  });
});
