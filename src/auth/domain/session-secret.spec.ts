import { describe, expect, it } from 'vitest';
import { SessionSecret } from './session-secret.js';

describe('the secret of a session', () => {
  it('has 256 random bits, which never repeat', () => {
    const texts = new Set(Array.from({ length: 1_000 }, () => SessionSecret.generate().text));
    expect(texts.size).toBe(1_000);
    for (const text of texts) {
      expect(Buffer.from(text, 'base64url')).toHaveLength(32);
      expect(SessionSecret.tryParse(text)?.text).toBe(text);
    }
  });

  it('is nothing else', () => {
    const { text } = SessionSecret.generate();
    for (const other of [
      '',
      text.slice(1),
      `${text}A`,
      `${text}=`,
      ` ${text}`,
      `${text}\n`,
      SessionSecret.newHandle(),
    ]) {
      expect(SessionSecret.tryParse(other)).toBeUndefined();
    }
  });

  it('gives a value for forms that follows from it, and from which it does not follow', () => {
    const [first, second] = [SessionSecret.generate(), SessionSecret.generate()];
    expect(SessionSecret.tryParse(first.text)?.csrfToken).toBe(first.csrfToken);
    expect(
      new Set([first.csrfToken, second.csrfToken, first.text, first.digest.toString('base64url')]).size,
    ).toBe(4);
  });

  it('has nothing to do with its handles, which have 128 random bits', () => {
    const handles = new Set(Array.from({ length: 1_000 }, () => SessionSecret.newHandle()));
    expect(handles.size).toBe(1_000);
    for (const handle of handles) {
      expect(SessionSecret.isHandle(handle)).toBe(true);
      expect(Buffer.from(handle.slice(5), 'base64url')).toHaveLength(16);
    }
    for (const other of [
      '',
      'tfrs_',
      `tfrs_${'A'.repeat(21)}`,
      `tfrs_${'A'.repeat(23)}`,
      `tfr_${'A'.repeat(43)}`,
    ]) {
      expect(SessionSecret.isHandle(other)).toBe(false);
    }
  });
});
