import { describe, expect, it } from 'vitest';
import { InvalidBundleSelection } from '../domain/bundle.errors.js';
import { BundleInventory, inventoryTree } from './bundle-inventory.js';
import { parseSelection } from './bundle-selection.js';

const DIGEST = 'a'.repeat(64);
const HELD = {
  ...{ host: 'registry.example.com', namespace: 'acme', type: 'widget', version: '1.0.0' },
  ...{ os: 'linux', arch: 'amd64', digest: DIGEST },
};

describe('the inventory of the other side', () => {
  it('knows what it was made of, and nothing that differs in anything', () => {
    const inventory = BundleInventory.parse(inventoryTree([HELD]));
    expect(inventory.has(HELD)).toBe(true);
    for (const other of [
      { host: 'registry.example.org' },
      { namespace: 'other' },
      { type: 'other' },
      { version: '1.0.1' },
      { os: 'darwin' },
      { arch: 'arm64' },
      { digest: 'b'.repeat(64) },
    ]) {
      expect(inventory.has({ ...HELD, ...other })).toBe(false);
    }
  });

  it.each([
    null,
    [],
    'text',
    { a: 1 },
    { a: { b: 1 } },
    { a: { b: { c: 1 } } },
    { a: { b: { c: 'short' } } },
    { a: { b: { c: DIGEST.toUpperCase() } } },
  ])('is refused when it is %j', (tree) => {
    expect(() => BundleInventory.parse(tree)).toThrow(InvalidBundleSelection);
  });
});

describe('the selection of an export', () => {
  it('is everything unless something is said', () => {
    const { hosts, names } = parseSelection({ hosts: [], namespaces: [], types: [] });
    expect([hosts, names]).toEqual([null, null]);
  });

  it('takes a type alone from every namespace', () => {
    const { names } = parseSelection({ types: ['widget'] });
    expect(names?.wants({ namespace: 'acme', type: 'widget' })).toBe(true);
    expect(names?.wants({ namespace: 'acme', type: 'gadget' })).toBe(false);
  });

  it('has at most 500 hosts', () => {
    const hosts = Array.from({ length: 500 }, (_, index) => `h${index}.example.com`);
    expect(parseSelection({ hosts }).hosts?.size).toBe(500);
    expect(() => parseSelection({ hosts: [...hosts, 'one.example.com'] })).toThrow(InvalidBundleSelection);
  });
});
