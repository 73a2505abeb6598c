import { createCipheriv, createHash } from 'node:crypto';

/** Bytes that no compression shortens and no two places share, the same for the same seed. */
export function noise(size: number, seed: string): Buffer {
  const key = createHash('sha256').update(seed).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
}
