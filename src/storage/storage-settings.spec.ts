import { describe, expect, it } from 'vitest';
import { StorageConfig } from '../config/storage.config.js';
import type { CacheInvalidation } from '../platform/cache/cache-invalidation.js';
import type { SecretBox } from '../platform/crypto/secret-box.js';
import type { FileBackends } from './file-backends.js';
import type { StorageConfigurationEntity } from './persistence/storage-configuration.entity.js';
import type { StorageConfigurationsRepository } from './persistence/storage-configurations.repository.js';
import { StorageSettings } from './storage-settings.service.js';

const LOCAL = {
  name: 'local',
  settings: { type: 'local', basePath: '/objects', serveDirectly: true },
} as const;
const STORED = {
  id: '3f0e2c1a-0000-4000-8000-000000000001',
  backendType: 'local',
  settings: { basePath: '/stored', serveDirectly: true },
  secretsBox: null,
  isActive: true,
} as unknown as StorageConfigurationEntity;

/** Settings whose rows come when the test says so. */
function settingsWith(config: Partial<StorageConfig> = {}) {
  const answers: ((rows: StorageConfigurationEntity[] | Error) => void)[] = [];
  let announce = (): void => undefined;
  const rows = {
    list: () =>
      new Promise((done, fail) =>
        answers.push((answer) => (answer instanceof Error ? fail(answer) : done(answer))),
      ),
  } as unknown as StorageConfigurationsRepository;
  const changes = {
    onChange: (_topic: string, forget: () => void) => (announce = forget),
  } as unknown as CacheInvalidation;
  const files = { default: LOCAL, list: () => [LOCAL] } as unknown as FileBackends;
  const whole = Object.assign(new StorageConfig(), config);
  const settings = new StorageSettings(rows, files, whole, {} as SecretBox, changes);
  return { settings, answers, announce: () => announce() };
}

describe('which storages there are', () => {
  it('lets a stored active configuration win, beside what the file describes', async () => {
    const { settings, answers } = settingsWith();
    const current = settings.current();
    answers[0]!([STORED]);
    expect((await current).active.name).toBe(STORED.id);
    expect((await current).all.map(({ name }) => name)).toEqual([STORED.id, 'local']);
  });

  it('only reads from stored configurations when the file decides', async () => {
    const { settings, answers } = settingsWith({ configSource: 'file' });
    const current = settings.current();
    answers[0]!([STORED]);
    expect((await current).active.name).toBe('local');
    expect((await current).all.map(({ name }) => name)).toEqual([STORED.id, 'local']);
  });

  it('does not keep what was read before a change was announced', async () => {
    const { settings, answers, announce } = settingsWith();
    const before = settings.current();
    announce();
    answers[0]!([]);
    expect((await before).active.name).toBe('local');
    const after = settings.known();
    answers[1]!([STORED]);
    expect((await after).active.name).toBe(STORED.id);
  });

  it('stays as it was while the database is away', async () => {
    const { settings, answers, announce } = settingsWith();
    const before = settings.current();
    answers[0]!([STORED]);
    await before;
    announce();
    const later = settings.known();
    answers[1]!(new Error('no database'));
    expect((await later).active.name).toBe(STORED.id);
  });
});
