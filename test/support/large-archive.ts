import { randomBytes } from 'node:crypto';
import { packTarGz } from './build-fixtures.js';

/** More than the server keeps in memory: each download reads the storage. */
const BYTES = 80_000;

/** A module archive of its own bytes, large enough that every download of it reads the storage. */
export function largeArchive(): Buffer {
  return packTarGz([
    { name: 'main.tf', data: '' },
    { name: 'picture.bin', data: randomBytes(BYTES) },
  ]);
}
