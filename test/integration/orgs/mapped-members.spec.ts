import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MappedRole } from '../../../src/orgs/domain/member.js';
import { RoleTemplateNotFound } from '../../../src/orgs/domain/members.errors.js';
import { LastAdministrator, UserNotFound } from '../../../src/orgs/domain/users.errors.js';
import { Members } from '../../../src/orgs/members.service.js';
import { RoleTemplates } from '../../../src/orgs/role-templates.service.js';
import { TestApp } from '../../support/test-app.js';
import { addPerson } from '../auth/support/browser.js';

const ABSENT = '00000000-0000-4000-8000-000000000000';

let app: TestApp;
let members: Members;
let count = 0;

beforeAll(async () => {
  app = await TestApp.start({ TFR_MULTI_TENANCY_ENABLED: 'true' });
  members = app.get(Members);
});
afterAll(() => app?.stop());

const newOrganization = () => app.addOrganization(`mapped-${(count += 1)}`);
const templateId = async (name: string) => (await app.get(RoleTemplates).getByName(name)).id;
const role = async (organizationId: string, name: string): Promise<MappedRole> => ({
  organizationId,
  roleTemplateId: await templateId(name),
});
const rolesOf = async (userId: string) => {
  const rows = await app.query<{ id: string; name: string; source: string }>(
    `SELECT m.organization_id AS id, r.name, m.source FROM memberships m
     LEFT JOIN role_templates r ON r.id = m.role_template_id WHERE m.user_id = $1`,
    [userId],
  );
  return Object.fromEntries(rows.map(({ id, name, source }) => [id, `${source} ${name}`]));
};

describe('roles that groups give', () => {
  it('are added, changed and taken away', async () => {
    const [red, blue] = [await newOrganization(), await newOrganization()];
    const user = await addPerson(app);
    await members.applyMapped(user, [await role(red, 'viewer'), await role(blue, 'member')]);
    expect(await rolesOf(user)).toEqual({ [red]: 'mapped viewer', [blue]: 'mapped member' });
    await members.applyMapped(user, [await role(blue, 'devops')]);
    expect(await rolesOf(user)).toEqual({ [blue]: 'mapped devops' });
    await members.applyMapped(user, []);
    expect(await rolesOf(user)).toEqual({});
  });

  it('leave alone what was given by hand', async () => {
    const [red, blue] = [await newOrganization(), await newOrganization()];
    const user = await addPerson(app, { [red]: 'viewer', [blue]: null });
    await members.applyMapped(user, [await role(red, 'admin'), await role(blue, 'admin')]);
    expect(await rolesOf(user)).toEqual({ [red]: 'manual viewer', [blue]: 'manual null' });
    await members.applyMapped(user, []);
    expect(Object.keys(await rolesOf(user))).toHaveLength(2);
  });

  it('belong to the person for good once somebody gives them by hand', async () => {
    const red = await newOrganization();
    const user = await addPerson(app);
    await members.applyMapped(user, [await role(red, 'viewer')]);
    await members.put(red, user, await templateId('member'));
    await members.applyMapped(user, []);
    expect(await rolesOf(user)).toEqual({ [red]: 'manual member' });
  });

  it('stay where nobody else would lead, with a warning, while the others go (3.3)', async () => {
    const [red, blue] = [await newOrganization(), await newOrganization()];
    const user = await addPerson(app);
    await members.applyMapped(user, [await role(red, 'admin'), await role(blue, 'member')]);
    await members.applyMapped(user, []);
    expect(await rolesOf(user)).toEqual({ [red]: 'mapped admin' });
    await members.applyMapped(user, [await role(red, 'viewer')]);
    expect(await rolesOf(user)).toEqual({ [red]: 'mapped admin' });
    expect(
      app.logged().filter((line) => line.includes(red) && line.includes('nobody else leads')),
    ).toHaveLength(2);
    await addPerson(app, { [red]: 'owner' });
    await members.applyMapped(user, []);
    expect(await rolesOf(user)).toEqual({});
  });

  it('of the first group count when several name one organization', async () => {
    const red = await newOrganization();
    const user = await addPerson(app);
    await members.applyMapped(user, [await role(red, 'member'), await role(red, 'viewer')]);
    expect(await rolesOf(user)).toEqual({ [red]: 'mapped member' });
  });

  it('are all or nothing', async () => {
    const red = await newOrganization();
    const user = await addPerson(app);
    const roles = [
      await role(red, 'viewer'),
      { organizationId: await newOrganization(), roleTemplateId: ABSENT },
    ];
    await expect(members.applyMapped(user, roles)).rejects.toThrow(RoleTemplateNotFound);
    await expect(members.applyMapped(ABSENT, [])).rejects.toThrow(UserNotFound);
    expect(await rolesOf(user)).toEqual({});
  });

  it('end in one state when the same person signs in many times at once', async () => {
    const [red, blue] = [await newOrganization(), await newOrganization()];
    const user = await addPerson(app);
    const wishes = [
      [await role(red, 'viewer')],
      [await role(blue, 'viewer')],
      [await role(red, 'member')],
      [],
    ];
    await Promise.all(
      Array.from({ length: 16 }, (_, index) => members.applyMapped(user, wishes[index % 4]!)),
    );
    await members.applyMapped(user, wishes[1]!);
    expect(await rolesOf(user)).toEqual({ [blue]: 'mapped viewer' });
  });
});

describe('a role given by a command', () => {
  it('keeps the invariants too', async () => {
    const red = await newOrganization();
    const owner = await addPerson(app, { [red]: 'owner' });
    await expect(members.put(red, owner, await templateId('viewer'))).rejects.toThrow(LastAdministrator);
    await members.put(red, await addPerson(app), await templateId('owner'));
    expect((await members.put(red, owner, await templateId('viewer'))).template?.name).toBe('viewer');
  });
});
