import { Readable } from 'node:stream';
import { ObjectStoreUnavailable } from '../../object-store.errors.js';

/**
 * The bytes of `source`. Fails as `ObjectStoreUnavailable` when the source fails, ends too early, or gives nothing
 * for `silenceMs` milliseconds while somebody waits for it; a reader that takes its time is no reason.
 */
export function watchedStream(source: Readable, silenceMs: number): Readable {
  let timer: NodeJS.Timeout | undefined;
  const fail = (cause: Error): void => void body.destroy(new ObjectStoreUnavailable('read', { cause }));
  const body = new Readable({
    read() {
      timer ??= setTimeout(() => fail(new Error(`Nothing came for ${silenceMs} ms`)), silenceMs);
      source.resume();
    },
    destroy(error, done) {
      clearTimeout(timer);
      source.destroy();
      done(error);
    },
  });
  source.on('data', (piece: Buffer) => {
    clearTimeout(timer);
    timer = undefined;
    if (!body.push(piece)) source.pause();
  });
  source.on('end', () => {
    clearTimeout(timer);
    body.push(null);
  });
  source.on('error', fail);
  source.on('close', () => {
    if (!source.readableEnded && !body.destroyed) fail(new Error('The connection ended too early'));
  });
  source.pause();
  return body;
}
