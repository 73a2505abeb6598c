import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leastCpuMs } from '../../../test/support/cpu-time.js';
import { ModuleAddress } from './module-address.js';
import { NamespaceName, foldNamespace } from './namespace-name.js';
import { Platform } from './platform.js';
import { ProviderAddress } from './provider-address.js';
import { InvalidAddress, InvalidPlatform } from './terraform.errors.js';

const HOSTILE = [
  '',
  '-a',
  'a-',
  '_a',
  'a_',
  'a b',
  'a.b',
  'a/b',
  'a%2Fb',
  '..',
  'a\n',
  'a\0',
  'İ',
  'ſ',
  '\u212A',
  'ä',
  'а',
  'a'.repeat(65),
];

describe('the name of a namespace', () => {
  it.each(['a', 'A', '0', 'my-org', 'my_org', 'MyOrg', 'a--b', 'a'.repeat(64)])(
    'may be %s (checklist 56)',
    (name) => {
      expect(NamespaceName.parse(name).text).toBe(name);
    },
  );

  it.each([...HOSTILE, 'search', 'Search', 'versions', 'download'])(
    'may not be %j (checklist 56)',
    (name) => {
      expect(() => NamespaceName.parse(name)).toThrow(InvalidAddress);
    },
  );

  it('is unique without case and with underscores as hyphens', () => {
    expect(NamespaceName.parse('My_Org').folded).toBe('my-org');
    expect(foldNamespace('MY-org')).toBe('my-org');
  });

  it('is ASCII, whatever is asked for', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 70 }), (name) => {
        let parsed: NamespaceName | undefined;
        try {
          parsed = NamespaceName.parse(name);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidAddress);
        }
        expect(parsed === undefined || /^[\x2d-\x7a]+$/.test(parsed.text)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('the address of a module', () => {
  it('keeps the spelling it was given in (checklist 55)', () => {
    const address = ModuleAddress.parse({ namespace: 'Acme', name: 'Net_Work', system: 'aws' });
    expect(address.toString()).toBe('Acme/Net_Work/aws');
    expect(address.protocolPath).toBe('/v1/modules/Acme/Net_Work/aws');
  });

  it.each(HOSTILE)('refuses %j as a name and as a system', (part) => {
    expect(() => ModuleAddress.parse({ namespace: 'a', name: part, system: 'aws' })).toThrow(
      /^Invalid name: /,
    );
    expect(() => ModuleAddress.parse({ namespace: 'a', name: 'b', system: part })).toThrow(
      /^Invalid system: /,
    );
  });

  it.each(['AWS', 'a-b', 'a_b', 'versions', 'download'])('refuses the system %s (checklist 56)', (system) => {
    expect(() => ModuleAddress.parse({ namespace: 'a', name: 'b', system })).toThrow(InvalidAddress);
  });

  it('names the part that is wrong', () => {
    expect(() => ModuleAddress.parse({ namespace: 'a.b', name: 'b', system: 'aws' })).toThrow(
      expect.objectContaining({
        kind: 'invalid',
        code: 'invalid_address',
        facts: { fields: { namespace: expect.stringContaining('ASCII letters') } },
      }),
    );
  });
});

describe('the address of a provider', () => {
  it('has its namespace in lower case (checklist 91)', () => {
    const address = ProviderAddress.parse({ namespace: 'Acme_Corp', type: 'my-cloud' });
    expect(address.toString()).toBe('acme_corp/my-cloud');
    expect(address.protocolPath).toBe('/v1/providers/acme_corp/my-cloud');
  });

  it.each([...HOSTILE, 'AWS', 'a_b'])('refuses the type %j', (type) => {
    expect(() => ProviderAddress.parse({ namespace: 'a', type })).toThrow(/^Invalid type: /);
  });

  it.each(['a--b', 'terraform-a', 'terraform-provider-a'])(
    'can be read but not published with the type %s',
    (type) => {
      expect(ProviderAddress.parse({ namespace: 'a', type }).type).toBe(type);
      expect(() => ProviderAddress.parseForPublish({ namespace: 'a', type })).toThrow(
        /no client could ask for it/,
      );
    },
  );

  it('can be published with an ordinary type', () => {
    expect(ProviderAddress.parseForPublish({ namespace: 'A', type: 'terraformer' }).toString()).toBe(
      'a/terraformer',
    );
  });
});

describe('the address of a mirrored provider', () => {
  const own = ProviderAddress.parse({ namespace: 'HashiCorp', type: 'aws' });

  it('has the host of its upstream in lower case, also for its readers', () => {
    const mirrored = own.from('Registry.Example.com:8443');
    expect([mirrored.host, mirrored.toString()]).toEqual(['registry.example.com:8443', 'hashicorp/aws']);
    expect(mirrored.readers).toBe('registry.example.com:8443/hashicorp/aws');
    expect(ProviderAddress.hostOf(mirrored.readers)).toBe(mirrored.host);
  });

  it('is none of what is published here, whose readers are those of its namespace', () => {
    expect([own.host, own.readers, ProviderAddress.hostOf(own.readers)]).toEqual(['', 'hashicorp', '']);
    expect(own.from('a.example').from('')).toEqual(own);
  });

  it('is exact, where names of namespaces are folded', () => {
    expect(foldNamespace('registry.example.com/a_b/c')).toBe('registry.example.com/a_b/c');
    expect(foldNamespace('A_b')).toBe('a-b');
  });
});

describe('a platform', () => {
  it.each(['linux/amd64', 'netbsd/riscv64', 'linux/ppc64le', 'linux/s390x', 'windows/386'])(
    'may be %s',
    (text) => {
      const [os = '', arch = ''] = text.split('/');
      const platform = Platform.parse({ os, arch });
      expect(platform.toString()).toBe(text);
      expect(Platform.parseKey(platform.key)).toEqual(platform);
    },
  );

  it.each(['', 'Linux', 'lin ux', 'a_b', '../x', 'a'.repeat(33), 'lınux'])(
    'refuses %j (threat E11)',
    (part) => {
      expect(() => Platform.parse({ os: part, arch: 'amd64' })).toThrow(/^Invalid platform: os /);
      expect(() => Platform.parse({ os: 'linux', arch: part })).toThrow(/^Invalid platform: arch /);
    },
  );

  it.each(['', 'linux', 'linux/amd64', 'linux_amd64_v1', '_', 'a'.repeat(1_000_000)])(
    'refuses the key %#',
    (key) => {
      expect(() => Platform.parseKey(key)).toThrow(InvalidPlatform);
    },
  );
});

describe('texts of 1 MB', () => {
  it('are refused in under 5 ms wherever a name is expected (threat K1)', () => {
    const shapes = ['a', 'a-', '_', '-'].map((unit) => unit.repeat(1_000_000 / unit.length));
    const readers = [
      (text: string) => NamespaceName.parse(text),
      (text: string) => ModuleAddress.parse({ namespace: 'a', name: text, system: 'aws' }),
      (text: string) => ModuleAddress.parse({ namespace: 'a', name: 'a', system: text }),
      (text: string) => ProviderAddress.parse({ namespace: 'a', type: text }),
      (text: string) => Platform.parse({ os: text, arch: 'amd64' }),
    ];
    for (const reader of readers) {
      for (const text of shapes) {
        const ms = leastCpuMs(() => {
          expect(() => reader(text)).toThrow(/^Invalid /);
        });
        expect(ms).toBeLessThan(5);
      }
    }
  });
});
