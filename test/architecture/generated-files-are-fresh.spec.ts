import { describe, expect, it } from 'vitest';
import { runScript } from '../support/build.js';

describe('generated files', () => {
  it('are what the generator makes of the sources: configuration reference, .env.example and what else it writes', () => {
    expect(() => runScript('generate-docs.mjs', '--check')).not.toThrow();
  });
});
