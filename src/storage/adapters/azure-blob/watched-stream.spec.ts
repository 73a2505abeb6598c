import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { watchedStream } from './watched-stream.js';

const unavailable = { name: 'ObjectStoreUnavailable' };

describe('a watched stream', () => {
  it('gives the bytes of its source', async () => {
    const source = new PassThrough();
    const bytes = buffer(watchedStream(source, 10_000));
    source.write('one ');
    source.end('two');
    expect((await bytes).toString()).toBe('one two');
  });

  it('fails as the source fails', async () => {
    const source = new PassThrough();
    const bytes = buffer(watchedStream(source, 10_000));
    source.write('one');
    source.destroy(new Error('broken'));
    await expect(bytes).rejects.toMatchObject({ ...unavailable, cause: { message: 'broken' } });
  });

  it('fails when the source is closed before its end', async () => {
    const source = new PassThrough();
    const bytes = buffer(watchedStream(source, 10_000));
    source.write('one');
    source.destroy();
    await expect(bytes).rejects.toMatchObject(unavailable);
  });

  it('fails when nothing comes any more', async () => {
    const source = new PassThrough();
    const bytes = buffer(watchedStream(source, 20));
    source.write('one');
    await expect(bytes).rejects.toMatchObject(unavailable);
    expect(source.destroyed).toBe(true);
  });

  it('waits for a reader that takes its time', async () => {
    const source = new PassThrough();
    const stream = watchedStream(source, 20);
    source.end('one');
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect((await buffer(stream)).toString()).toBe('one');
  });

  it('takes no more from the source than its reader takes', async () => {
    const source = new PassThrough();
    const stream = watchedStream(source, 10_000);
    stream.read(0);
    const piece = Buffer.alloc(64 * 1024);
    let written = 0;
    while (source.write(piece) || written < 40) written++;
    expect(stream.readableLength).toBeLessThan(4 * piece.length);
    stream.destroy();
  });

  it('lets go of the source when it is given up', async () => {
    const source = new PassThrough();
    const stream = watchedStream(source, 10_000);
    const closed = new Promise((resolve) => source.once('close', resolve));
    stream.destroy();
    await closed;
    expect(source.destroyed).toBe(true);
  });
});
