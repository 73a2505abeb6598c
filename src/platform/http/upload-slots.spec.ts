import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { InsufficientSpace, UploadsBusy } from './http.errors.js';
import { UploadSlots } from './upload-slots.js';

describe('upload slots', () => {
  it('are as many as configured, and come back', () => {
    const slots = new UploadSlots(2);
    slots.take();
    slots.take();
    expect(() => slots.take()).toThrow(UploadsBusy);
    slots.release();
    expect(() => slots.take()).not.toThrow();
  });

  it('promise the room of the disk once, however many ask at a time (D22)', async () => {
    const { bavail, bsize } = await statfs(tmpdir());
    const half = Math.ceil((bavail * bsize) / 2);
    const slots = new UploadSlots(10);
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map(() => slots.reserve(tmpdir(), half)));
    const given = outcomes.filter(({ status }) => status === 'fulfilled');
    expect(given.length).toBeLessThan(2);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(InsufficientSpace);
      else outcome.value();
    }
    const release = await slots.reserve(tmpdir(), 1);
    release();
  });
});
