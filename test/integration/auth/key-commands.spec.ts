import { NestFactory } from '@nestjs/core';
import { Module, type INestApplicationContext } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiKeys } from '../../../src/auth/api-keys.service.js';
import { AuthModule } from '../../../src/auth/auth.module.js';
import { runKeysCommand } from '../../../src/auth/key-commands.js';
import { ConfigModule } from '../../../src/config/config.module.js';
import { CacheModule } from '../../../src/platform/cache/cache.module.js';
import { DatabaseModule } from '../../../src/platform/database/database.module.js';
import { testConfig, type TestConfig } from '../../support/app-config.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { authenticate, IDENTITY_ENTITIES } from './support/identity.js';

@Module({})
class Commands {}

describe('the keys commands', () => {
  let database: TestDatabase;
  let settings: TestConfig;
  let context: INestApplicationContext;

  beforeAll(async () => {
    database = await createTestDatabase();
    settings = testConfig(database.url);
    const imports = [
      ConfigModule.forRoot(settings.config),
      DatabaseModule.forRoot(IDENTITY_ENTITIES, { mode: 'tool' }),
      CacheModule,
      AuthModule,
    ];
    context = await NestFactory.createApplicationContext({ module: Commands, imports }, { logger: false });
  });

  afterAll(async () => {
    await context.close();
    settings.remove();
    await database.drop();
  });

  async function run(...args: string[]) {
    const printed: string[] = [];
    const hints: string[] = [];
    const output = { print: (line: string) => printed.push(line), hint: (line: string) => hints.push(line) };
    await runKeysCommand(args, context, output);
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
    expect(await authenticate(context.get(ApiKeys), printed[0]!)).toMatchObject({
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
    expect(await authenticate(context.get(ApiKeys), printed[0]!)).toBeUndefined();
    const second = await run('create', '--name=ci', '--scopes=modules:read');
    const id = /id ([0-9a-f-]{36})/.exec(second.hints)![1]!;
    await run('revoke', id);
    expect(await authenticate(context.get(ApiKeys), second.printed[0]!)).toBeUndefined();
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
