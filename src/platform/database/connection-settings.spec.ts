import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { DatabaseConfig } from '../../config/database.config.js';
import { connectionSettings, negotiatedConfig } from './connection-settings.js';

const config = (values: Partial<DatabaseConfig>): DatabaseConfig =>
  Object.assign(new DatabaseConfig(), values);

describe('the address of the database', () => {
  it('comes from the single keys', () => {
    const values = { host: 'db.example', port: 6000, name: 'registry', user: 'me', password: 'secret' };
    expect(connectionSettings(config(values))).toMatchObject({
      host: 'db.example',
      port: 6000,
      database: 'registry',
      user: 'me',
      password: 'secret',
    });
  });

  it('comes from a URL, whose parts override the single keys', () => {
    const url = 'postgres://us%40er:p%2Fw@[::1]:6001/my%20db?sslmode=disable';
    expect(connectionSettings(config({ url, host: 'other', sslMode: 'verify-full' }))).toMatchObject({
      host: '::1',
      port: 6001,
      database: 'my db',
      user: 'us@er',
      password: 'p/w',
      ssl: false,
    });
  });

  it('may be a socket directory, which is never encrypted', () => {
    const url = 'postgresql:///db?host=/run/postgresql&user=me';
    expect(connectionSettings(config({ url, sslMode: 'verify-full' }))).toMatchObject({
      host: '/run/postgresql',
      port: 5432,
      user: 'me',
      ssl: false,
    });
  });

  it.each([
    ['disable', false],
    ['require', { rejectUnauthorized: false }],
    ['verify-full', { rejectUnauthorized: true }],
    ['verify-ca', { rejectUnauthorized: true }],
  ] as const)('checks the certificate as the mode %s says', (sslMode, expected) => {
    const { ssl } = connectionSettings(config({ sslMode }));
    if (expected === false) expect(ssl).toBe(false);
    else expect(ssl).toMatchObject(expected);
    expect(typeof ssl === 'object' && 'checkServerIdentity' in ssl).toBe(sslMode === 'verify-ca');
  });
});

describe('the mode prefer', () => {
  let server: Server | undefined;
  afterEach(() => new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined))));

  async function answering(letter: string): Promise<DatabaseConfig> {
    server = createServer((socket) => socket.once('data', () => socket.end(letter)));
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return config({ host: '127.0.0.1', port, sslMode: 'prefer' });
  }

  it('encrypts when the server can, and not when it cannot', async () => {
    expect((await negotiatedConfig(await answering('S'))).sslMode).toBe('require');
    server?.close();
    expect((await negotiatedConfig(await answering('N'))).sslMode).toBe('disable');
  });

  it('leaves the other modes alone', async () => {
    const strict = config({ sslMode: 'verify-full' });
    expect(await negotiatedConfig(strict)).toBe(strict);
  });
});
