import { describe, expect, it } from 'vitest';
import { oneLine } from './one-line.js';

describe('text for a terminal', () => {
  it('keeps what people write, accents and emoji among it', () => {
    expect(oneLine('Zurückgezogen: CVE-2026-1 👩‍💻 → 1.0.1')).toBe('Zurückgezogen: CVE-2026-1 👩‍💻 → 1.0.1');
  });

  it.each([
    ['line ends', 'a\r\nb\nc\u2028d', 'a b c d'],
    ['escape sequences', 'a\u001b[31mred\u009b2Jb', 'a [31mred 2Jb'],
    ['bells and backspaces', '\u0007a\b\b\u007f', 'a'],
    ['turned directions', 'a\u202eb\u2066c\u200fd', 'a b c d'],
    ['halves of characters', 'a\ud800b', 'a b'],
  ])('has no %s', (_what, text, line) => {
    expect(oneLine(text)).toBe(line);
  });
});
