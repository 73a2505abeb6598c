import { describe, expect, it } from 'vitest';
import { parseProtocols } from './protocol-versions.js';

describe('the protocols of an upload', () => {
  it('become the form that clients parse (checklist 72)', () => {
    expect(parseProtocols('["5", "6.1", "5.0"]')).toEqual(['5.0', '6.1']);
  });

  it('are undefined when absent, so that a later call may leave them out', () => {
    expect(parseProtocols(undefined)).toBeUndefined();
    expect(parseProtocols('')).toBeUndefined();
  });

  it.each(['5.0', '[]', '[5]', '["5.0.1"]', '["v5"]', '["0.1"]', '{}', '["5.0"', '["99999"]'])(
    'refuses %s with a sentence that shows the form',
    (text) => {
      expect(() => parseProtocols(text)).toThrow(/^Invalid protocols format \(must be JSON array\): /);
    },
  );
});
