import { createWriteStream } from 'node:fs';
import { readFile, rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import type { INestApplicationContext } from '@nestjs/common';
import type { CommandOutput } from '../../kernel/command-output.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { isUuid } from '../../kernel/uuid.js';
import { RequestContext } from '../../platform/request-context/request-context.js';
import { BundleExport } from './bundle-export.service.js';
import { BundleImport } from './bundle-import.service.js';
import { MirrorNotFound } from '../domain/mirror-configuration.errors.js';
import type { Mirror } from '../domain/mirror.js';
import { Mirrors } from '../configuration/mirrors.service.js';

export const MIRROR_COMMANDS_USAGE = `mirror export --out FILE [--host HOST]… [--namespace NAME]… [--provider NAME]… [--versions FILTER] [--platform OS/ARCH]… [--stable] [--inventory FILE]
mirror import FILE --mirror NAME_OR_ID [--signer FINGERPRINT]
mirror inventory`;

type MirrorCommand = (
  args: readonly string[],
  context: INestApplicationContext,
  output: CommandOutput,
) => Promise<number>;

const COMMANDS: Readonly<Record<string, MirrorCommand>> = {
  export: mirrorExport,
  import: mirrorImport,
  inventory: mirrorInventory,
};

/**
 * The `mirror` commands: bundles of mirrored providers for an air gap. `args` is what follows `mirror`; answers the
 * status of the process, 1 when a version of a bundle was refused. Throws `InvalidInput` and what bundles throw.
 */
export function runMirrorCommand(
  args: readonly string[],
  context: INestApplicationContext,
  output: CommandOutput,
): Promise<number> {
  const [command = '', ...rest] = args;
  const run = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (run === undefined) throw wrongUsage('Unknown command');
  return RequestContext.runAs('COMMAND', `mirror ${command}`, () => run(rest, context, output));
}

/** Writes a bundle; the file has its name only when it is whole. */
async function mirrorExport(
  args: readonly string[],
  context: INestApplicationContext,
  output: CommandOutput,
): Promise<number> {
  const { values } = parsed(() =>
    parseArgs({
      args: [...args],
      options: {
        out: { type: 'string' },
        host: { type: 'string', multiple: true },
        namespace: { type: 'string', multiple: true },
        provider: { type: 'string', multiple: true },
        versions: { type: 'string' },
        platform: { type: 'string', multiple: true },
        stable: { type: 'boolean' },
        inventory: { type: 'string' },
      },
    }),
  );
  const { out, inventory } = values;
  if (out === undefined) throw wrongUsage('--out is needed');
  const bundle = await context.get(BundleExport, { strict: false }).export({
    hosts: values.host,
    namespaces: values.namespace,
    types: values.provider,
    versions: values.versions,
    platforms: values.platform,
    withPrereleases: values.stable !== true,
    ...(inventory !== undefined && { inventory: await readInventory(inventory) }),
  });
  const unfinished = `${out}.unfinished`;
  try {
    await pipeline(bundle.content, createWriteStream(unfinished, { flags: 'wx', mode: 0o600 }));
    await rename(unfinished, out);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new InvalidInput(`${unfinished} exists; another export is writing it, or it can be removed`);
    }
    await rm(unfinished, { force: true });
    throw error;
  }
  const packages = bundle.releases.reduce((sum, release) => sum + release.packages.length, 0);
  output.print(`${out}\t${bundle.sizeBytes} bytes\t${bundle.releases.length} versions\t${packages} packages`);
  output.hint(`Signed with the key ${bundle.signerFingerprint}; compare it on the other side.`);
  return 0;
}

/** Reads a bundle and prints a line for each version, with tabs between the fields. */
async function mirrorImport(
  args: readonly string[],
  context: INestApplicationContext,
  output: CommandOutput,
): Promise<number> {
  const { values, positionals } = parsed(() =>
    parseArgs({
      args: [...args],
      options: { mirror: { type: 'string' }, signer: { type: 'string' } },
      allowPositionals: true,
    }),
  );
  const [path, ...more] = positionals;
  if (path === undefined || more.length > 0 || values.mirror === undefined) {
    throw wrongUsage('One file and --mirror are needed');
  }
  const isFile = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isFile) throw new InvalidInput(`There is no file ${path}`);
  const mirror = await mirrorCalled(values.mirror, context);
  const { signer } = values;
  const report = await context
    .get(BundleImport, { strict: false })
    .import({ path, mirror, signer, userId: null });
  for (const { host, namespace, type, version, outcome, packages, message = '' } of report.lines) {
    output.print([outcome, `${host}/${namespace}/${type}`, version, packages, message].join('\t'));
  }
  const { imported, present, refused, signerFingerprint } = report;
  output.hint(
    `${imported} imported, ${present} here already, ${refused} refused. Signer: ${signerFingerprint}`,
  );
  return refused === 0 ? 0 : 1;
}

/** Prints what is here as JSON, for `mirror export --inventory` on the other side. */
async function mirrorInventory(
  args: readonly string[],
  context: INestApplicationContext,
  output: CommandOutput,
): Promise<number> {
  if (args.length > 0) throw wrongUsage('The inventory takes no arguments');
  const providers = await context.get(BundleExport, { strict: false }).inventory();
  output.print(JSON.stringify({ providers }));
  return 0;
}

async function mirrorCalled(nameOrId: string, context: INestApplicationContext): Promise<Mirror> {
  const mirrors = context.get(Mirrors, { strict: false });
  if (isUuid(nameOrId)) {
    const found = await mirrors.find(nameOrId.toLowerCase());
    if (found !== null) return found;
  }
  const wanted = nameOrId.toLowerCase();
  const named = (await mirrors.list()).find(({ name }) => name.toLowerCase() === wanted);
  if (named === undefined) throw new MirrorNotFound();
  return named;
}

async function readInventory(path: string): Promise<unknown> {
  try {
    const document = JSON.parse(await readFile(path, 'utf8')) as { providers?: unknown } | null;
    return document?.providers ?? null;
  } catch (error) {
    throw new InvalidInput(
      `The inventory ${path} cannot be read; make it with "mirror inventory"`,
      {},
      { cause: error },
    );
  }
}

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw wrongUsage((error as Error).message);
  }
}

function wrongUsage(reason: string): InvalidInput {
  return new InvalidInput(`${reason}. Usage:\n${MIRROR_COMMANDS_USAGE}`);
}
