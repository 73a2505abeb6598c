import { expect } from 'vitest';
import { ArchiveRejected } from '../../../src/platform/archives/archives.errors.js';

/** Expects a reading to be refused, with one printable line that shows no path of this machine. Returns that line. */
export async function rejectionOf(reading: Promise<{ entries: readonly unknown[] }>): Promise<string> {
  const error: unknown = await reading.then(
    (listing) => new Error(`accepted: ${JSON.stringify(listing.entries)}`),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ArchiveRejected);
  const { message } = error as Error;
  expect(message).toMatch(/^[\x20-\x7e…\uFFFD\p{L}\p{M}]+$/u);
  expect(message).not.toContain('archive-spec-');
  return message;
}
