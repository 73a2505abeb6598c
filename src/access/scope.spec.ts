import { describe, expect, it } from 'vitest';
import { covers, intersectScopes, isScope, SCOPES, type Scope } from './scope.js';

describe('what scopes allow', () => {
  it('lets admin do everything', () => {
    for (const scope of SCOPES) expect(covers(['admin'], scope)).toBe(true);
  });

  it('lets write and manage imply the matching read only', () => {
    expect(covers(['modules:write'], 'modules:read')).toBe(true);
    expect(covers(['modules:write'], 'providers:read')).toBe(false);
    expect(covers(['mirrors:manage'], 'mirrors:read')).toBe(true);
    expect(covers(['modules:read'], 'modules:write')).toBe(false);
    expect(covers([], 'modules:read')).toBe(false);
  });

  it('knows exactly fifteen names', () => {
    expect(SCOPES).toHaveLength(15);
    expect(isScope('modules:write')).toBe(true);
    expect(isScope('modules:*')).toBe(false);
    expect(isScope('toString')).toBe(false);
  });
});

describe('the intersection of a key and its owner', () => {
  const table: [string, Scope[], Scope[], Scope[]][] = [
    ['keeps what both hold', ['modules:write'], ['modules:write'], ['modules:read', 'modules:write']],
    ['narrows an admin key to its owner', ['admin'], ['modules:write'], ['modules:read', 'modules:write']],
    ['narrows an admin owner to the key', ['providers:read'], ['admin'], ['providers:read']],
    ['keeps the part that is implied', ['modules:write'], ['modules:read'], ['modules:read']],
    ['is empty when the owner holds nothing', ['admin'], [], []],
  ];
  it.each(table)('%s', (_, key, owner, expected) => {
    expect(intersectScopes(key, owner)).toEqual(expected);
  });

  it('never allows what one side does not', () => {
    for (const left of SCOPES) {
      for (const right of SCOPES) {
        for (const scope of intersectScopes([left], [right])) {
          expect(covers([left], scope) && covers([right], scope)).toBe(true);
        }
      }
    }
  });
});
