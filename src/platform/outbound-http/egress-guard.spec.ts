import type { LookupFunction } from 'node:net';
import { describe, expect, it } from 'vitest';
import { EgressGuard } from './egress-guard.js';
import { canonicalAddress, isPublicAddress } from './ip-address.js';
import { EgressRefused } from './outbound-http.errors.js';

const PRIVATE = [
  '0.0.0.0', '0.1.2.3', '10.0.0.1', '10.255.255.255', '100.64.0.1', '100.127.255.255', '127.0.0.1',
  '127.255.255.254', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.1', '192.0.2.1',
  '192.88.99.1', '192.168.0.1', '198.18.0.1', '198.19.255.255', '198.51.100.1', '203.0.113.1',
  '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255',
  '::', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::127.0.0.1', '::7f00:1', '::ffff:10.0.0.1',
  '64:ff9b::127.0.0.1', '64:ff9b::7f00:1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::1', '2002:7f00:1::',
  '2002:a00:1::1', '2001::1', '2001:0:4136:e378::', '2001:db8::1', '3fff::1', '5f00::1', 'fc00::1',
  'fd12:3456::1', 'fe80::1', 'fe80::1%eth0', 'febf::1', 'fec0::1', 'ff02::1', '100::1',
  '2606:4700::5efe:10.0.0.1', '2606:4700::200:5efe:7f00:1',
]; // prettier-ignore

const PUBLIC = [
  '1.1.1.1', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.0',
  '172.15.255.255', '172.32.0.0', '192.167.255.255', '192.169.0.0', '198.17.255.255', '198.20.0.0',
  '223.255.255.255', '2606:4700:4700::1111', '2a00::1', '64:ff9b::101:101', '2002:101:101::1', '::ffff:1.1.1.1',
]; // prettier-ignore

/** What the URL parser makes of ways to hide an address. */
const HIDDEN = [
  'http://0x7f.1/', 'http://2130706433/', 'http://127.1/', 'http://0177.0.0.1/', 'http://①②⑦.⓪.⓪.①/',
  'http://127。0。0。1/', 'http://[::ffff:7f00:1]/', 'http://[::1]:8080/', 'https://0/', 'http://0x7f000001/',
  'http://127.0.0.1./', 'http://[0:0:0:0:0:ffff:127.0.0.1]/', 'http://%31%32%37.0.0.1/',
]; // prettier-ignore

const guard = (allowlist: string[] = [], mode: 'deny_private' | 'allowlist_only' | 'off' = 'deny_private') =>
  new EgressGuard({ mode, allowlist });

/** A DNS in which every name has these addresses. */
const dns = (...addresses: string[]): LookupFunction =>
  ((_name: string, _options: unknown, answer: (error: null, found: unknown) => void) =>
    answer(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )) as unknown as LookupFunction;

function lookUp(of: EgressGuard, name: string): Promise<unknown> {
  return new Promise((done, fail) =>
    of.lookup(name, { all: true }, (error, found) => (error ? fail(error) : done(found))),
  );
}

describe('which addresses are private (F9)', () => {
  it.each(PRIVATE)('%s', (text) => {
    expect(isPublicAddress(canonicalAddress(text)!)).toBe(false);
    expect(() => guard().checkHost(text)).toThrow(EgressRefused);
  });

  it.each(PUBLIC)('not %s', (text) => {
    expect(isPublicAddress(canonicalAddress(text)!)).toBe(true);
    expect(() => guard().checkHost(text)).not.toThrow();
  });
});

describe('the egress guard (I8)', () => {
  it.each(HIDDEN)('refuses %s, judged as it is parsed', (url) => {
    expect(() => guard().checkUrl(new URL(url))).toThrow(EgressRefused);
  });

  it.each([
    'file:///etc/passwd',
    'gopher://example.com/',
    'ftp://example.com/',
    'https://user:pw@example.com/',
  ])('refuses %s', (url) => {
    expect(() => guard().checkUrl(new URL(url))).toThrow(EgressRefused);
  });

  it('lets through what is listed by address, network or name', () => {
    const listed = guard(['10.1.2.3', 'fd00::/8', '192.168.7.0/24']);
    for (const host of ['10.1.2.3', '[fd00::1]', '192.168.7.255', '::ffff:10.1.2.3']) {
      expect(() => listed.checkHost(host)).not.toThrow();
    }
    for (const host of ['10.1.2.4', 'fe80::1', '192.168.8.0', '64:ff9b::a01:203']) {
      expect(() => listed.checkHost(host)).toThrow(EgressRefused);
    }
  });

  it('refuses a name when one of its addresses is private (F8)', async () => {
    const mixed = new EgressGuard({ mode: 'deny_private', allowlist: [] }, dns('1.1.1.1', '10.0.0.1'));
    await expect(lookUp(mixed, 'idp.example.com')).rejects.toBeInstanceOf(EgressRefused);
    const open = new EgressGuard({ mode: 'deny_private', allowlist: [] }, dns('1.1.1.1', '2a00::1'));
    expect(await lookUp(open, 'idp.example.com')).toHaveLength(2);
    const none = new EgressGuard({ mode: 'deny_private', allowlist: [] }, dns());
    await expect(lookUp(none, 'idp.example.com')).rejects.toBeInstanceOf(EgressRefused);
  });

  it('lets a listed name have any address, and no other name', async () => {
    const named = (...allowlist: string[]) =>
      new EgressGuard({ mode: 'deny_private', allowlist }, dns('10.0.0.1'));
    for (const name of ['idp.corp.test', 'IDP.corp.test', 'a.b.corp.test', 'idp.corp.test.']) {
      expect(await lookUp(named('*.corp.test'), name)).toHaveLength(1);
    }
    for (const name of ['corp.test', 'evilcorp.test', 'idp.corp.test.evil.test', 'idpxcorp.test']) {
      await expect(lookUp(named('*.corp.test', 'idp.corp.test'), name)).rejects.toBeInstanceOf(EgressRefused);
    }
  });

  it('never takes an address for a name', () => {
    for (const entry of ['*', '127.*', '*.0.0.1']) {
      expect(() => guard([entry]).checkHost('127.0.0.1')).toThrow(EgressRefused);
      expect(() => guard([entry]).checkPeer('127.0.0.1', '127.0.0.1')).toThrow(EgressRefused);
    }
  });

  it('reaches nothing but the list in an air gap', async () => {
    const only = new EgressGuard(
      { mode: 'allowlist_only', allowlist: ['idp.test', '1.0.0.0/8'] },
      dns('2.2.2.2'),
    );
    await expect(lookUp(only, 'example.com')).rejects.toBeInstanceOf(EgressRefused);
    expect(await lookUp(only, 'idp.test')).toHaveLength(1);
    expect(() => only.checkHost('1.1.1.1')).not.toThrow();
    expect(() => only.checkHost('2.2.2.2')).toThrow(EgressRefused);
    await expect(only.checkResolved('example.com')).rejects.toBeInstanceOf(EgressRefused);
  });

  it('checks the peer of the finished connection once more', () => {
    expect(() => guard().checkPeer('idp.example.com', '127.0.0.1')).toThrow(EgressRefused);
    expect(() => guard().checkPeer('idp.example.com', '::ffff:127.0.0.1')).toThrow(EgressRefused);
    expect(() => guard().checkPeer('idp.example.com', undefined)).toThrow(EgressRefused);
    expect(() => guard().checkPeer('idp.example.com', '1.1.1.1')).not.toThrow();
    expect(() => guard(['idp.example.com']).checkPeer('idp.example.com', '127.0.0.1')).not.toThrow();
  });

  it('can be switched off', async () => {
    const off = new EgressGuard({ mode: 'off', allowlist: [] }, dns('10.0.0.1'));
    expect(() => off.checkHost('127.0.0.1')).not.toThrow();
    expect(await lookUp(off, 'anything.test')).toHaveLength(1);
  });
});
