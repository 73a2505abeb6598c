import type { INestApplicationContext } from '@nestjs/common';
import { parseArgs } from 'node:util';
import type { CommandOutput } from '../kernel/command-output.js';
import { InvalidInput } from '../kernel/invalid-input.js';
import type { User } from '../orgs/domain/user.js';
import { UserNotFound } from '../orgs/domain/users.errors.js';
import { Members } from '../orgs/members.service.js';
import { Organizations } from '../orgs/organizations.service.js';
import { RoleTemplates } from '../orgs/role-templates.service.js';
import { UsersAdministration } from '../orgs/users-administration.service.js';
import { Users } from '../orgs/users.service.js';
import { RequestContext } from '../platform/request-context/request-context.js';
import { LocalAccounts } from './local-accounts.service.js';

export const USER_COMMANDS_USAGE = `users create-admin EMAIL [--name NAME] [--password-stdin]
users reset-password EMAIL
users disable EMAIL
users enable EMAIL`;

/** What a command may use: the application, where to write, and what was piped in. */
export interface UserCommandContext {
  readonly app: INestApplicationContext;
  readonly output: CommandOutput;
  /** All of standard input. */
  readonly readInput: () => Promise<string>;
}

type Command = (args: readonly string[], context: UserCommandContext) => Promise<void>;

const COMMANDS: Readonly<Record<string, Command>> = {
  'create-admin': createAdmin,
  'reset-password': resetPassword,
  disable: (args, context) => setActive(args, context, false),
  enable: (args, context) => setActive(args, context, true),
};

/**
 * The `users` commands. `args` is what follows `users` on the command line. Throws `InvalidInput` for wrong
 * arguments, `UserNotFound`, `LastAdministrator` and `LocalAccountsOff`; each message says what to change.
 */
export async function runUsersCommand(args: readonly string[], context: UserCommandContext): Promise<void> {
  const [name = '', ...rest] = args;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw wrong('Unknown command');
  await RequestContext.runAs('COMMAND', `users ${name}`, () => command(rest, context));
}

/** Makes a platform administrator with a password, of somebody who may exist already. A generated one is printed. */
async function createAdmin(
  args: readonly string[],
  { app, output, readInput }: UserCommandContext,
): Promise<void> {
  const { email, name, isFromInput } = readCreateOptions(args);
  const accounts = app.get(LocalAccounts, { strict: false });
  const password = isFromInput ? withoutLineEnd(await readInput()) : accounts.generatePassword();
  accounts.assertAcceptable(password, { email, name: name ?? '' });
  const user = await app.get(Users, { strict: false }).ensure({ email, name });
  const organization = await app.get(Organizations, { strict: false }).getDefault();
  const template = await app.get(RoleTemplates, { strict: false }).findByName('admin');
  if (template === undefined) throw new Error('The system template admin is missing');
  await app.get(Members, { strict: false }).put(organization.id, user.id, template.id);
  await accounts.setPassword(user.id, password, { mustChange: !isFromInput });
  output.hint(`${user.email} is a platform administrator (organization ${organization.name}).`);
  if (!user.isActive) output.hint(`The account is disabled: "users enable ${user.email}" lets them sign in.`);
  if (isFromInput) return;
  output.print(password);
  output.hint('The password is shown this once and must be changed at the first sign-in.');
}

/** Gives a user another password, which is printed, and ends their sessions. */
async function resetPassword(args: readonly string[], context: UserCommandContext): Promise<void> {
  const { app, output } = context;
  const user = await namedUser(args, app);
  const accounts = app.get(LocalAccounts, { strict: false });
  const password = accounts.generatePassword();
  await accounts.setPassword(user.id, password, { mustChange: true });
  output.print(password);
  output.hint(`The password of ${user.email} is shown this once and must be changed at the next sign-in.`);
  output.hint('All sessions of the account have ended.');
}

async function setActive(
  args: readonly string[],
  { app, output }: UserCommandContext,
  isActive: boolean,
): Promise<void> {
  const { id } = await namedUser(args, app);
  const user = await app.get(UsersAdministration, { strict: false }).setActive(id, isActive);
  output.hint(
    isActive
      ? `${user.email} may sign in again.`
      : `${user.email} is disabled; running servers refuse sessions and keys within a second.`,
  );
}

async function namedUser(args: readonly string[], app: INestApplicationContext): Promise<User> {
  const [email, ...more] = args;
  if (email === undefined || more.length > 0) throw wrong('Give one email address');
  const user = await app.get(Users, { strict: false }).findByEmail(email);
  if (user === undefined) throw new UserNotFound();
  return user;
}

interface CreateOptions {
  readonly email: string;
  readonly name: string | undefined;
  readonly isFromInput: boolean;
}

function readCreateOptions(args: readonly string[]): CreateOptions {
  const { values, positionals } = parse(args);
  const [email, ...more] = positionals;
  if (email === undefined || more.length > 0) throw wrong('Give one email address');
  return { email, name: values.name, isFromInput: values['password-stdin'] === true };
}

function parse(args: readonly string[]) {
  const options = { name: { type: 'string' }, 'password-stdin': { type: 'boolean' } } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw wrong((error as Error).message);
  }
}

/** The line end that `echo` adds is no part of a password. */
function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}

function wrong(problem: string): InvalidInput {
  return new InvalidInput(`${problem}. Usage:\n${USER_COMMANDS_USAGE}`);
}
