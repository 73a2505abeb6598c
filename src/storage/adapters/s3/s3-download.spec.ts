import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { exactly } from './s3-download.js';

const body = () => Readable.from([Buffer.from('01234'), Buffer.from('56789')]);

describe('a body of an exact length', () => {
  it('passes its bytes on', async () => {
    expect((await buffer(exactly(body(), 10))).toString()).toBe('0123456789');
  });

  it.each([
    ['fewer', 11],
    ['more', 9],
  ])('fails at its end when it has %s bytes', async (_title, length) => {
    await expect(buffer(exactly(body(), length))).rejects.toMatchObject({ name: 'ObjectStoreUnavailable' });
  });

  it('fails as the connection does', async () => {
    const broken = Readable.from(
      (async function* () {
        yield Buffer.from('01234');
        throw Object.assign(new Error('read'), { code: 'ECONNRESET' });
      })(),
    );
    await expect(buffer(exactly(broken, 10))).rejects.toMatchObject({ name: 'ObjectStoreUnavailable' });
  });

  it('closes the connection when nobody reads it any more', async () => {
    const source = body();
    const closed = new Promise((resolve) => source.once('close', resolve));
    exactly(source, 10).destroy();
    await closed;
    expect(source.destroyed).toBe(true);
  });
});
