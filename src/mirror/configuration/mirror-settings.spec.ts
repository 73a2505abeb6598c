import { describe, expect, it } from 'vitest';
import { mirrorSettings, readUpstreamToken } from './mirror-settings.js';

const LEAST = { name: 'm', upstreamUrl: 'https://upstream.example' };
const read = (change: object) => mirrorSettings({ ...LEAST, ...change });
const DAYS = 36_500;

describe('the settings of a mirror', () => {
  it('keep every field that a change leaves out', () => {
    const before = read({
      description: 'd',
      namespaceFilter: ['a'],
      versionFilter: '3.x',
      keyTrust: 'pinned',
      autoApproval: { minAgeDays: 2 },
      keepVersions: 3,
      isEnabled: false,
    });
    expect(mirrorSettings({}, before)).toEqual(before);
  });

  it('are the defaults again with null', () => {
    const before = read({ description: 'd', isPullThrough: true, keyTrust: 'pinned', isEnabled: false });
    const cleared = { description: null, isPullThrough: null, keyTrust: null, isEnabled: null };
    expect(mirrorSettings(cleared, before)).toEqual(read({}));
  });

  it('know the host by its name in lower case, with a port that is not the usual one', () => {
    const hosts = [
      ['https://Registry.Example', 'registry.example'],
      ['https://registry.example:443/', 'registry.example'],
      ['https://registry.example:8443', 'registry.example:8443'],
      ['http://registry.example:80', 'registry.example'],
      ['http://[::1]:8080', '[::1]:8080'],
    ];
    for (const [upstreamUrl, host] of hosts) {
      const settings = read({ upstreamUrl });
      expect([upstreamUrl, settings.upstreamHost]).toEqual([upstreamUrl, host]);
      expect(new URL(settings.upstreamUrl).host).toBe(host);
    }
  });

  it('take numbers up to their limits and not beyond', () => {
    const limits: [string, number, number][] = [
      ['syncIntervalHours', 1, 8_760],
      ['coolDownDays', 0, DAYS],
      ['keepVersions', 1, 100_000],
      ['keepUsedDays', 1, DAYS],
    ];
    for (const [field, least, most] of limits) {
      for (const value of [least, most]) expect(read({ [field]: value })).toMatchObject({ [field]: value });
      for (const value of [least - 1, most + 1, least + 0.5, Number.NaN]) {
        expect(() => read({ [field]: value }), `${field} ${value}`).toThrow(/it is a whole number from/);
      }
    }
  });

  it('name namespaces of modules, without wildcards and each once', () => {
    const named = read({ moduleNamespaces: ['terraform-aws-modules', 'Azure', 'terraform-aws-modules'] });
    expect(named.moduleNamespaces).toEqual(['terraform-aws-modules', 'Azure']);
    const most = Array.from({ length: 500 }, (_, nr) => `n${nr}`);
    expect(read({ moduleNamespaces: most }).moduleNamespaces).toHaveLength(500);
    const wrong: [string[], RegExp][] = [
      [[...most, 'more'], /at most 500/],
      [['acme-*'], /no namespace/],
      [['a/b'], /no namespace/],
      [['versions'], /reserved/],
      [['My-Team', 'my_team'], /one namespace here/],
    ];
    for (const [moduleNamespaces, reason] of wrong) expect(() => read({ moduleNamespaces })).toThrow(reason);
  });

  it('take names and descriptions up to their length', () => {
    expect(read({ name: `  ${'n'.repeat(255)} ` }).name).toHaveLength(255);
    expect(() => read({ name: 'n'.repeat(256) })).toThrow(/1 to 255 characters/);
    expect(read({ description: 'd'.repeat(2000) }).description).toHaveLength(2000);
    expect(() => read({ description: 'd'.repeat(2001) })).toThrow(/at most 2000/);
  });

  it('never approve everything by themselves', () => {
    for (const rules of [
      {},
      { patchOnly: false },
      { signedByTrustedKey: false },
      { versionConstraint: ' ' },
    ]) {
      expect(() => read({ autoApproval: rules }), JSON.stringify(rules)).toThrow(/set at least one rule/);
    }
    expect(read({ autoApproval: { patchOnly: true, signedByTrustedKey: false } }).autoApproval).toEqual({
      patchOnly: true,
    });
  });
});

describe('the token of an upstream', () => {
  it('is sent over https only', () => {
    expect(readUpstreamToken('token', 'https://upstream.example')).toBe('token');
    expect(() => readUpstreamToken('token', 'http://upstream.example')).toThrow(/https/);
  });

  it('has characters that a header can carry, 4096 at most', () => {
    const url = 'https://upstream.example';
    expect(readUpstreamToken('t'.repeat(4096), url)).toHaveLength(4096);
    for (const token of ['t'.repeat(4097), 'a b', 'a\r\nx: y', 'ä', '']) {
      expect(() => readUpstreamToken(token, url)).toThrow(/printable ASCII/);
    }
  });
});
