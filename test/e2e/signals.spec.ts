import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { moduleArchive } from '../support/build-fixtures.js';
import { request } from '../support/http-request.js';
import { publishModule } from '../support/publish-client.js';
import { RegistryProcess } from '../support/server-process.js';

describe('a registry with the bundled PostgreSQL', () => {
  let registry: RegistryProcess;
  let key: string;

  beforeAll(async () => {
    registry = await RegistryProcess.start();
    key = await registry.createKey('modules:write');
  });
  afterAll(() => registry?.dispose());

  const isDatabaseLeft = (): boolean => existsSync(registry.databasePidFile);
  const publish = (version: string): ReturnType<typeof publishModule> =>
    publishModule({ url: registry.url, key }, { version, archive: moduleArchive() });
  const versions = async (): Promise<string[]> => {
    const answer = await request(`${registry.url}/v1/modules/myorg/vpc/aws/versions`);
    const [module] = answer.json<{ modules: { versions: { version: string }[] }[] }>().modules;
    return module!.versions.map(({ version }) => version);
  };

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends in order on %s, even right after it is ready',
    async (signal) => {
      expect(await registry.stop(signal)).toBe('0');
      expect(isDatabaseLeft()).toBe(false);
      await registry.launch();
    },
  );

  it('has everything after kill -9, within seconds', async () => {
    expect(await publish('1.0.0')).toMatchObject({ status: 201 });
    await registry.kill();
    expect(isDatabaseLeft()).toBe(true);
    await registry.launch();
    expect(await versions()).toEqual(['1.0.0']);
    expect(await publish('1.1.0')).toMatchObject({ status: 201 });
    expect(await versions()).toEqual(['1.1.0', '1.0.0']);
  });

  it('keeps what it has accepted when it is told to stop while uploads are under way', async () => {
    const uploads = ['2.0.0', '2.1.0', '2.2.0'].map((version) => publish(version));
    await Promise.race(uploads);
    const ended = registry.stop();
    const answers = await Promise.allSettled(uploads);
    expect(await ended).toBe('0');
    await registry.launch();
    const kept = await versions();
    const accepted = ['2.0.0', '2.1.0', '2.2.0'].filter((_, index) => {
      const answer = answers[index]!;
      return answer.status === 'fulfilled' && answer.value.status === 201;
    });
    expect(accepted.length).toBeGreaterThan(0);
    expect(kept).toEqual(expect.arrayContaining(accepted));
  });
});
