import type { INestApplicationContext } from '@nestjs/common';
import { parseArgs } from 'node:util';
import type { CommandOutput } from '../kernel/command-output.js';
import { InvalidInput } from '../kernel/invalid-input.js';
import { Organizations } from '../orgs/organizations.service.js';
import { ApiKeys } from './api-keys.service.js';

export const KEY_COMMANDS_USAGE = `keys create --name NAME --scopes SCOPE[,SCOPE…] [--expires 90d] [--organization NAME]
keys revoke KEY_OR_ID`;

const HOURS: Readonly<Record<string, number>> = { h: 1, d: 24, w: 7 * 24 };

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
  if (command === 'create') return keysCreate(rest, context, output);
  if (command === 'revoke') return keysRevoke(rest, context, output);
  throw new InvalidInput(`Unknown command. Usage:\n${KEY_COMMANDS_USAGE}`);
}

/** Issues a key and prints it, and nothing else, to standard output. */
export async function keysCreate(
  args: readonly string[],
  context: INestApplicationContext,
  output: CommandOutput,
): Promise<void> {
  const options = readCreateOptions(args);
  const organization =
    options.organization === undefined
      ? await context.get(Organizations, { strict: false }).getDefault()
      : await context.get(Organizations, { strict: false }).getByName(options.organization);
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
  const { name, scopes, expires, organization } = parseOptions(args);
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

function parseOptions(args: readonly string[]) {
  const option = { type: 'string' } as const;
  const options = { name: option, scopes: option, expires: option, organization: option };
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false }).values;
  } catch (error) {
    throw new InvalidInput(`${(error as Error).message}. Usage:\n${KEY_COMMANDS_USAGE}`);
  }
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
