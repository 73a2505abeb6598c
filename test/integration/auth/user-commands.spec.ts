import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalAccounts } from '../../../src/auth/local-accounts.service.js';
import { runUsersCommand } from '../../../src/auth/user-commands.js';
import { TestApp } from '../../support/test-app.js';
import { People } from '../routes/support/people.js';

describe('the users commands', () => {
  let app: TestApp;
  let people: People;
  let home: string;

  beforeAll(async () => {
    app = await TestApp.start();
    people = new People(app);
    home = await people.defaultOrganization();
    await people.add({ [home]: 'admin' });
  });

  afterAll(() => app.stop());

  const anAddress = () => `${randomUUID()}@example.com`;

  async function run(args: string[], input = '') {
    const printed: string[] = [];
    const hints: string[] = [];
    const output = { print: (line: string) => printed.push(line), hint: (line: string) => hints.push(line) };
    const readInput = () => Promise.resolve(input);
    await runUsersCommand(args, { app: app.server.app, output, readInput });
    return { printed, hints: hints.join('\n') };
  }

  const roleOf = async (email: string) =>
    (
      await app.query<{ role: string }>(
        `SELECT r.name AS role FROM users u JOIN memberships m ON m.user_id = u.id
           JOIN role_templates r ON r.id = m.role_template_id
         WHERE u.email = $1 AND m.organization_id = $2`,
        [email, home],
      )
    ).map(({ role }) => role);

  it('make a platform administrator with a password that is printed alone and must be changed', async () => {
    const email = anAddress();
    const { printed, hints } = await run(['create-admin', email.toUpperCase(), '--name', 'Grace Hopper']);
    expect(printed).toHaveLength(1);
    expect(hints).not.toContain(printed[0]);
    expect(await roleOf(email)).toEqual(['admin']);
    const signedIn = await app.get(LocalAccounts).signIn(email, printed[0]!);
    expect(signedIn.mustChange).toBe(true);
    expect(await app.query('SELECT name FROM users WHERE email = $1', [email])).toEqual([
      { name: 'Grace Hopper' },
    ]);
    expect(
      await app.query(`SELECT DISTINCT action FROM audit_entries WHERE resource_id = $1`, [signedIn.userId]),
    ).toEqual([{ action: 'COMMAND users create-admin' }]);
  });

  it('take a password from standard input, without its line end, and print nothing', async () => {
    const email = anAddress();
    const { printed } = await run(['create-admin', '--password-stdin', email], 'a tree house by the sea\n');
    expect(printed).toEqual([]);
    const signedIn = await app.get(LocalAccounts).signIn(email, 'a tree house by the sea');
    expect(signedIn.mustChange).toBe(false);
    expect(await app.query('SELECT 1 FROM users WHERE email = $1', [email])).toHaveLength(1);
  });

  it('make an administrator of somebody who is there already', async () => {
    const email = anAddress();
    const id = await people.add({ [home]: 'viewer' }, { email, name: 'Ada' });
    await run(['create-admin', email]);
    expect(await roleOf(email)).toEqual(['admin']);
    expect(await app.query('SELECT id, name FROM users WHERE email = $1', [email])).toEqual([
      { id, name: 'Ada' },
    ]);
  });

  it('leave nobody behind when the password is refused', async () => {
    const email = anAddress();
    await expect(run(['create-admin', email, '--password-stdin'], 'short\n')).rejects.toThrow(/at least 12/);
    expect(await app.query('SELECT 1 FROM users WHERE email = $1', [email])).toEqual([]);
  });

  it('give another password, and disable and enable', async () => {
    const email = anAddress();
    const id = await people.add({ [home]: 'viewer' }, { email });
    const signed = await people.signIn(id);
    const { printed } = await run(['reset-password', email]);
    expect(await app.get(LocalAccounts).signIn(email, printed[0]!)).toEqual({ userId: id, mustChange: true });
    expect((await signed('/api/v1/users/me/memberships')).status).toBe(401);
    await run(['disable', email]);
    await expect(app.get(LocalAccounts).signIn(email, printed[0]!)).rejects.toThrow('Invalid credentials');
    await run(['disable', email]);
    await run(['enable', email]);
    expect(await app.get(LocalAccounts).signIn(email, printed[0]!)).toMatchObject({ userId: id });
  });

  const wrong: [string[], RegExp][] = [
    [[], /Usage/],
    [['rename', 'a@example.com'], /Usage/],
    [['toString', 'a@example.com'], /Usage/],
    [['create-admin'], /Give one email address/],
    [['create-admin', 'a@example.com', 'b@example.com'], /Give one email address/],
    [['create-admin', 'nobody'], /valid email address/],
    [['create-admin', 'a@example.com', '--password=secret'], /--password/],
    [['disable'], /Give one email address/],
    [['disable', 'absent@example.com'], /User not found/],
    [['enable', 'absent@example.com'], /User not found/],
    [['reset-password', 'absent@example.com'], /User not found/],
  ];
  it.each(wrong)('refuse %j and say what to change', async (args, message) => {
    await expect(run(args)).rejects.toThrow(message);
  });
});
