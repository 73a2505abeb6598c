import { describe, expect, it } from 'vitest';
import { reanalysisSelection } from './reanalysis.js';

describe('selecting versions to analyze again', () => {
  it('folds the namespace and completes the version', () => {
    expect(reanalysisSelection({})).toEqual({ only: 'all' });
    expect(
      reanalysisSelection({ namespace: 'My_Org', name: 'vpc', system: 'aws', version: 'v1', only: 'failed' }),
    ).toEqual({ namespace: 'my-org', name: 'vpc', system: 'aws', version: '1.0.0', only: 'failed' });
  });

  it.each([{ name: 'vpc' }, { system: 'aws' }, { version: '1.0.0' }])(
    'refuses %j without a namespace',
    (input) => {
      expect(() => reanalysisSelection(input)).toThrow(/Name the namespace too/);
    },
  );
});
