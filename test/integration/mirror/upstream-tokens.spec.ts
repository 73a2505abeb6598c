import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SecretsConfig } from '../../../src/config/secrets.config.js';
import { Mirrors } from '../../../src/mirror/configuration/mirrors.service.js';
import { UPSTREAM_TOKENS } from '../../../src/mirror/configuration/upstream-tokens.js';
import { SecretUnreadable } from '../../../src/platform/crypto/crypto.errors.js';
import { SealedColumnsRepository } from '../../../src/platform/crypto/persistence/sealed-columns.repository.js';
import { SealedColumns } from '../../../src/platform/crypto/sealed-columns.service.js';
import { SecretBox } from '../../../src/platform/crypto/secret-box.js';
import { TestApp } from '../../support/test-app.js';
import { MirrorUser, QUIET } from '../routes/api/v1/admin/mirrors/support.js';

const boxOf = (key: Buffer, ...previous: Buffer[]) =>
  new SecretBox({ encryptionKey: key, previousEncryptionKeys: previous } as unknown as SecretsConfig);

describe('the tokens of upstream registries', () => {
  let app: TestApp;
  let manager: MirrorUser;

  beforeAll(async () => {
    app = await TestApp.start(QUIET);
    manager = await MirrorUser.managing(app);
  });
  afterAll(() => app?.stop());

  const storedOf = async (id: string) => {
    const [row] = await app.query<{ box: Buffer }>(
      'SELECT upstream_token AS box FROM mirrors WHERE id = $1',
      [id],
    );
    return row!.box;
  };
  const upstreamOf = async (id: string) => {
    const mirrors = app.get(Mirrors);
    return mirrors.upstreamOf((await mirrors.find(id))!);
  };

  it('are sealed each for its own mirror', async () => {
    const [one, two] = [
      await manager.added({ upstream_token: 'same' }),
      await manager.added({ upstream_token: 'same' }),
    ];
    expect((await storedOf(one.id)).equals(await storedOf(two.id))).toBe(false);
    await app.query('UPDATE mirrors SET upstream_token = $2 WHERE id = $1', [two.id, await storedOf(one.id)]);
    expect((await upstreamOf(one.id)).token).toBe('same');
    await expect(upstreamOf(two.id)).rejects.toThrow(SecretUnreadable);
  });

  it('go along when the encryption key is replaced', async () => {
    expect(app.get(SealedColumns).names()).toContain('mirrors.upstream_token');
    const token = `token-${randomUUID()}`;
    const { id } = await manager.added({ upstream_token: token });
    const next = randomBytes(32);
    // Nothing but the column under test: the process under test keeps its key.
    await app.query('UPDATE mirrors SET upstream_token = NULL WHERE id <> $1', [id]);
    const overlap = boxOf(next, app.config.secrets.encryptionKey);
    const columns = new SealedColumns(app.get(SealedColumnsRepository), overlap);
    columns.register(UPSTREAM_TOKENS);
    expect(await columns.reseal()).toBe(1);
    const box = await storedOf(id);
    expect(boxOf(next).open(box, UPSTREAM_TOKENS.aadOf(id)).toString()).toBe(token);
  });

  it('can be entered again when their key is gone', async () => {
    const { id } = await manager.added({ upstream_token: 'lost' });
    const foreign = boxOf(randomBytes(32)).seal(Buffer.from('lost'), UPSTREAM_TOKENS.aadOf(id));
    await app.query('UPDATE mirrors SET upstream_token = $2 WHERE id = $1', [id, foreign]);
    await expect(upstreamOf(id)).rejects.toThrow(SecretUnreadable);
    expect((await manager.get(id)).json()).toMatchObject({ upstream_token_set: true });
    expect((await manager.put(id, { upstream_token: 'again' })).status).toBe(200);
    expect((await upstreamOf(id)).token).toBe('again');
  });
});
