import type { INestApplicationContext } from '@nestjs/common';
import { parseArgs } from 'node:util';
import { AuthConfig } from '../config/auth.config.js';
import type { CommandOutput } from '../kernel/command-output.js';
import { InvalidInput } from '../kernel/invalid-input.js';
import type { Organization } from '../orgs/domain/organization.js';
import { Organizations } from '../orgs/organizations.service.js';
import { RequestContext } from '../platform/request-context/request-context.js';
import { ApiKeyAdministration, type ListedKey } from './api-key-administration.service.js';
import { ApiKeys } from './api-keys.service.js';
import { checkEnd } from './domain/api-key-lifetime.js';

export const KEY_COMMANDS_USAGE = `keys create --name NAME --scopes SCOPE[,SCOPE…] [--expires 90d] [--organization NAME]
keys list [--organization NAME]
keys revoke KEY_OR_ID`;

const HOURS: Readonly<Record<string, number>> = { h: 1, d: 24, w: 7 * 24 };

type KeysCommand = (
  args: readonly string[],
  context: INestApplicationContext,
  output: CommandOutput,
) => Promise<void>;

const COMMANDS: Readonly<Record<string, KeysCommand>> = {
  create: keysCreate,
  list: keysList,
  revoke: keysRevoke,
};

/**
 * The `keys` commands. `args` is what follows `keys` on the command line. Throws `InvalidInput` for wrong
 * arguments, `ApiKeyNotFound` and `OrganizationNotFound`; each message says what to change.
 */
export async function runKeysCommand(
  args: readonly string[],
  context: INestApplicationContext,
  output: CommandOutput,
): Promise<void> {
  const [command, ...rest] = args;
  const run = command === undefined ? undefined : COMMANDS[command];
  if (run !== undefined) {
    return RequestContext.runAs('COMMAND', `keys ${command}`, () => run(rest, context, output));
  }
  throw new InvalidInput(`Unknown command. Usage:\n${KEY_COMMANDS_USAGE}`);
}

/** Issues a key and prints it, and nothing else, to standard output. */
export async function keysCreate(
  args: readonly string[],
  context: INestApplicationContext,
  output: CommandOutput,
): Promise<void> {
  const options = readCreateOptions(args);
  const organization = await organizationCalled(options.organization, context);
  const maxLifetimeMs = context.get(AuthConfig, { strict: false }).apiKeyMaxLifetimeMs;
  const now = new Date();
  if (maxLifetimeMs > 0) {
    checkEnd(options.expiresAt ?? null, { maxLifetimeMs, since: now, makerEndsAt: null }, now);
  }
  const issued = await context.get(ApiKeys, { strict: false }).issue({
    name: options.name,
    scopes: options.scopes,
    organizationId: organization.id,
    expiresAt: options.expiresAt,
  });
  output.print(issued.key);
  const until =
    options.expiresAt === undefined ? 'never expires' : `expires ${options.expiresAt.toISOString()}`;
  output.hint(`API key "${options.name}" (id ${issued.id}) of organization ${organization.name}, ${until}.`);
  output.hint(`It may: ${issued.scopes.join(', ')}. It is shown this once; keep it safe.`);
}

/** Prints the keys of an organization, revoked ones too, one a line with tabs between the fields. */
export async function keysList(
  args: readonly string[],
  context: INestApplicationContext,
  output: CommandOutput,
): Promise<void> {
  const { organization: name } = parseOptions(args, { organization: { type: 'string' } });
  const organization = await organizationCalled(name, context);
  const keys = await context.get(ApiKeyAdministration, { strict: false }).listStates(organization.id);
  output.hint(`API keys of organization ${organization.name}: id, prefix, state, owner, scopes, name`);
  for (const key of keys) output.print(lineOf(key));
}

/** Revokes a key, given itself or its id. */
export async function keysRevoke(
  args: readonly string[],
  context: INestApplicationContext,
  output: CommandOutput,
): Promise<void> {
  const [keyOrId, ...more] = args;
  if (keyOrId === undefined || more.length > 0) {
    throw new InvalidInput(`Give one key, or its id. Usage:\n${KEY_COMMANDS_USAGE}`);
  }
  const id = await context.get(ApiKeys, { strict: false }).revoke(keyOrId);
  output.hint(`API key ${id} is revoked; running servers refuse it within a second.`);
}

interface CreateOptions {
  name: string;
  scopes: string[];
  expiresAt: Date | undefined;
  organization: string | undefined;
}

function readCreateOptions(args: readonly string[]): CreateOptions {
  const option = { type: 'string' } as const;
  const { name, scopes, expires, organization } = parseOptions(args, {
    name: option,
    scopes: option,
    expires: option,
    organization: option,
  });
  if (!name || !scopes)
    throw new InvalidInput(`--name and --scopes are needed. Usage:\n${KEY_COMMANDS_USAGE}`);
  return {
    name,
    scopes: scopes
      .split(',')
      .map((scope) => scope.trim())
      .filter((scope) => scope !== ''),
    expiresAt: expires === undefined ? undefined : expiryOf(expires),
    organization,
  };
}

function parseOptions<Name extends string>(
  args: readonly string[],
  options: Record<Name, { type: 'string' }>,
): Partial<Record<Name, string>> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false }).values as Partial<
      Record<Name, string>
    >;
  } catch (error) {
    throw new InvalidInput(`${(error as Error).message}. Usage:\n${KEY_COMMANDS_USAGE}`);
  }
}

function organizationCalled(
  name: string | undefined,
  context: INestApplicationContext,
): Promise<Organization> {
  const organizations = context.get(Organizations, { strict: false });
  return name === undefined ? organizations.getDefault() : organizations.getByName(name);
}

function lineOf(key: ListedKey): string {
  const { id, keyPrefix, userName, scopes, name } = key;
  // A name comes from a caller, and a terminal obeys control characters.
  const texts = [id, keyPrefix, stateOf(key), userName ?? '-', scopes.join(','), name];
  return texts.map((text) => text.replaceAll(/\p{Cc}/gu, ' ')).join('\t');
}

function stateOf({ revokedAt, expiresAt }: ListedKey): string {
  if (revokedAt !== null) return `revoked ${revokedAt.toISOString()}`;
  if (expiresAt === null) return 'never expires';
  return `${expiresAt > new Date() ? 'expires' : 'expired'} ${expiresAt.toISOString()}`;
}

function expiryOf(text: string): Date {
  const [, amount, unit] = /^([1-9]\d{0,4})([hdw])$/.exec(text) ?? [];
  if (amount !== undefined && unit !== undefined) {
    return new Date(Date.now() + Number(amount) * HOURS[unit]! * 3_600_000);
  }
  const date = /^\d{4}-\d\d-\d\d(T.*)?$/.test(text) ? new Date(text) : new Date(Number.NaN);
  if (Number.isNaN(date.getTime())) {
    throw new InvalidInput('--expires is a time span such as 12h, 90d or 8w, or a date such as 2030-01-31');
  }
  return date;
}
