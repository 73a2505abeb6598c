import { describe, expect, it } from 'vitest';
import { groupsIn } from './group-claim.js';

describe('groups in a claim', () => {
  it.each<[string, Record<string, unknown>, string, string[] | undefined]>([
    ['a list', { groups: ['a', 'b', 'a'] }, 'groups', ['a', 'b']],
    ['one text', { groups: 'a' }, 'groups', ['a']],
    ['inside objects', { realm_access: { roles: ['a'] } }, 'realm_access.roles', ['a']],
    ['a name with dots', { 'https://example.com/groups': ['a'] }, 'https://example.com/groups', ['a']],
    ['other things in the list', { groups: ['a', 1, null, {}, '', ['b']] }, 'groups', ['a']],
    ['an object', { groups: { a: true } }, 'groups', []],
    ['an empty list', { groups: [] }, 'groups', []],
    ['absent', {}, 'groups', undefined],
    ['nothing on the way', { realm_access: null }, 'realm_access.roles', undefined],
    ['a name of every object', {}, 'constructor.name', undefined],
    ['the prototype', {}, '__proto__', undefined],
  ])('%s', (_name, claims, path, groups) => {
    expect(groupsIn(claims, path)).toEqual(groups);
  });
});
