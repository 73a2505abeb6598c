import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppModule } from '../../../src/app.module.js';
import { ApiKeys } from '../../../src/auth/api-keys.service.js';
import { runKeysCommand } from '../../../src/auth/key-commands.js';
import { CacheInvalidation } from '../../../src/platform/cache/cache-invalidation.js';
import { AppLogger } from '../../../src/platform/logging/logger.js';
import { LoggingModule } from '../../../src/platform/logging/logging.module.js';
import { TestApp } from '../../support/test-app.js';
import { authenticate } from './support/identity.js';

@Module({})
class Commands {}

describe('the keys commands', () => {
  let server: TestApp;
  let context: INestApplicationContext;

  beforeAll(async () => {
    server = await TestApp.start();
    context = await commands();
  });
  afterAll(async () => {
    await context.close();
    await server.stop();
  });

  /** The application as `cli.ts` makes it, beside a running server. */
  function commands(): Promise<INestApplicationContext> {
    const logger = new AppLogger({ ...server.config.logging, level: 'error' });
    const imports = [LoggingModule.forRoot(logger), AppModule.forRoot(server.config, 'tool')];
    return NestFactory.createApplicationContext(
      { module: Commands, imports },
      { logger, abortOnError: false },
    );
  }

  const run = (...args: string[]) => runIn(context, ...args);

  async function runIn(application: INestApplicationContext, ...args: string[]) {
    const printed: string[] = [];
    const hints: string[] = [];
    const output = { print: (line: string) => printed.push(line), hint: (line: string) => hints.push(line) };
    await runKeysCommand(args, application, output);
    return { printed, hints: hints.join('\n') };
  }

  it('create a key and print it alone', async () => {
    const { printed, hints } = await run(
      'create',
      '--name',
      'ci',
      '--scopes',
      'modules:write, providers:write',
    );
    expect(printed).toHaveLength(1);
    expect(hints).not.toContain(printed[0]);
    expect(await authenticate(context.get(ApiKeys, { strict: false }), printed[0]!)).toMatchObject({
      name: 'ci',
      scopes: ['modules:read', 'modules:write', 'providers:read', 'providers:write'],
    });
  });

  it('create a key that ends', async () => {
    const { hints } = await run('create', '--name=ci', '--scopes=modules:read', '--expires=90d');
    const end = new Date(/expires (\S+)\./.exec(hints)![1]!).getTime();
    expect(Math.abs(end - Date.now() - 90 * 86_400_000)).toBeLessThan(60_000);
    await run('create', '--name=ci', '--scopes=modules:read', '--expires=2999-01-31');
  });

  it('revoke a key, given itself or its id', async () => {
    const { printed } = await run('create', '--name=ci', '--scopes=modules:read');
    const { hints, printed: nothing } = await run('revoke', printed[0]!);
    expect(nothing).toEqual([]);
    expect(hints).not.toContain(printed[0]);
    expect(await authenticate(context.get(ApiKeys, { strict: false }), printed[0]!)).toBeUndefined();
    const second = await run('create', '--name=ci', '--scopes=modules:read');
    const id = /id ([0-9a-f-]{36})/.exec(second.hints)![1]!;
    await run('revoke', id);
    expect(await authenticate(context.get(ApiKeys, { strict: false }), second.printed[0]!)).toBeUndefined();
  });

  it('list the keys of an organization with their states, and nothing of the keys themselves', async () => {
    const organizationId = await server.addOrganization('listed');
    const keys = server.get(ApiKeys);
    const add = (name: string, expiresAt?: Date) =>
      keys.issue({ name, scopes: ['modules:read', 'scm:read'], organizationId, expiresAt });
    const issued = [
      await add('first\u001b[2J'),
      await add('second', new Date('2999-01-01')),
      await add('third'),
    ];
    await run('revoke', issued[2]!.id);
    const { printed } = await run('list', '--organization=listed');
    expect(printed.map((line) => line.split('\t'))).toEqual([
      [
        issued[2]!.id,
        issued[2]!.keyPrefix,
        expect.stringMatching(/^revoked \d{4}-/),
        '-',
        'modules:read,scm:read',
        'third',
      ],
      [
        issued[1]!.id,
        issued[1]!.keyPrefix,
        'expires 2999-01-01T00:00:00.000Z',
        '-',
        'modules:read,scm:read',
        'second',
      ],
      [issued[0]!.id, issued[0]!.keyPrefix, 'never expires', '-', 'modules:read,scm:read', 'first [2J'],
    ]);
  });

  it('record in the audit log that a command did it', async () => {
    const { hints, printed } = await run('create', '--name=ci', '--scopes=modules:read');
    const id = /id ([0-9a-f-]{36})/.exec(hints)![1]!;
    await run('revoke', printed[0]!);
    await run('revoke', id);
    const rows = await server.query<{ action: string; entry: string }>(
      `SELECT action, e::text AS entry FROM audit_entries e WHERE resource_id = $1 ORDER BY chain_seq`,
      [id],
    );
    expect(rows.map(({ action }) => action)).toEqual(['COMMAND keys create', 'COMMAND keys revoke']);
    for (const { entry } of rows) expect(entry).not.toContain(printed[0]!.slice(10));
  });

  it('tell running servers what they revoked, although they end at once (A10)', async () => {
    let forgotten = 0;
    const { key } = await server.get(ApiKeys).issue({ name: 'ci', scopes: ['modules:read'] });
    const command = await commands();
    server.get(CacheInvalidation).onChange('identity', () => (forgotten += 1));
    await runIn(command, 'revoke', key);
    await command.close();
    while (forgotten === 0) await sleep(10);
    expect((await server.get(ApiKeys).check(key)).outcome).toBe('invalid');
  });

  it('keep to the longest life of keys', async () => {
    const strict = await TestApp.start({ TFR_AUTH_API_KEYS_MAX_LIFETIME: '10d' });
    try {
      const create = (...more: string[]) =>
        runIn(strict.server.app, 'create', '--name=ci', '--scopes=modules:read', ...more);
      await expect(create()).rejects.toThrow('max_lifetime');
      await expect(create('--expires=11d')).rejects.toThrow('max_lifetime');
      expect((await create('--expires=9d')).printed).toHaveLength(1);
    } finally {
      await strict.stop();
    }
  });

  const wrong: [string[], RegExp][] = [
    [[], /Usage/],
    [['rename'], /Usage/],
    [['create'], /--name and --scopes are needed/],
    [['create', '--name=ci', '--scopes=all'], /invalid scope: all/],
    [['create', '--name=ci', '--scopes='], /--name and --scopes are needed/],
    [['create', '--name=ci', '--scopes=modules:read', '--expires=soon'], /such as 12h, 90d/],
    [['create', '--name=ci', '--scopes=modules:read', '--expires=2001-01-01'], /cannot be created/],
    [['create', '--name=ci', '--scopes=modules:read', '--organization=nobody'], /Organization not found/],
    [['create', '--name=ci', '--scope=modules:read'], /--scope/],
    [['revoke'], /Give one key/],
    [['revoke', 'nothing'], /API key not found/],
  ];
  it.each(wrong)('refuse %j and say what to change', async (args, message) => {
    await expect(run(...args)).rejects.toThrow(message);
  });
});
