import { describe, expect, it } from 'vitest';
import { ApiKeyToken } from './api-key-token.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

describe('the text of an API key', () => {
  it('is a prefix and 43 base64url characters, and is recognized', () => {
    for (let round = 0; round < 200; round++) {
      const { text, shownPrefix } = ApiKeyToken.generate('tfr_');
      expect(text).toMatch(/^tfr_[A-Za-z0-9_-]{43}$/);
      expect(ApiKeyToken.tryParse(text)?.text).toBe(text);
      expect(shownPrefix).toBe(text.slice(0, 10));
    }
  });

  it('never repeats', () => {
    expect(new Set(Array.from({ length: 1000 }, () => ApiKeyToken.generate('tfr_').text)).size).toBe(1000);
  });

  it('keeps keys with an older prefix, and binds the prefix to the checksum', () => {
    const { text } = ApiKeyToken.generate('acme42_');
    expect(ApiKeyToken.tryParse(text)).toBeDefined();
    expect(ApiKeyToken.tryParse(text.replace('acme42_', 'tfr_'))).toBeUndefined();
  });

  it('refuses every key with one other character', () => {
    const { text } = ApiKeyToken.generate('tfr_');
    for (let index = 4; index < text.length; index++) {
      for (const other of ALPHABET) {
        if (other === text[index]) continue;
        expect(ApiKeyToken.tryParse(text.slice(0, index) + other + text.slice(index + 1))).toBeUndefined();
      }
    }
  });

  it('refuses session handles and other text', () => {
    const { text } = ApiKeyToken.generate('tfr_');
    const others = [
      '',
      'tfr_',
      `${text} `,
      ` ${text}`,
      `${text}\n`,
      text.slice(0, -1),
      `${text}A`,
      text.toUpperCase(),
      ApiKeyToken.generate('tfrs_').text,
      'a'.repeat(1_000_000),
    ];
    for (const other of others) expect(ApiKeyToken.tryParse(other)).toBeUndefined();
  });
});
