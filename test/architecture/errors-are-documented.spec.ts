import { describe, expect, it } from 'vitest';
import { runScript } from '../support/build.js';

describe('the errors of the product', () => {
  it('have codes that are unique, explained, and listed in docs/reference/errors.md', () => {
    expect(() => runScript('errors-reference.mjs', '--check')).not.toThrow();
  });
});
