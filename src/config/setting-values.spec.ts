import { describe, expect, it } from 'vitest';
import { NOT_READABLE, readValue } from './setting-values.js';
import type { SettingType } from './setting-definition.js';
import { formatNumber } from './setting-text.js';

const read = (type: SettingType, raw: string | readonly string[]) => readValue(type, raw, '/srv');

describe('reading the value of a setting', () => {
  it.each<[SettingType, string, unknown]>([
    ['int', '0', 0],
    ['int', '-3', -3],
    ['int', ' 65535 ', 65_535],
    ['bool', 'true', true],
    ['bool', 'TRUE', true],
    ['bool', '1', true],
    ['bool', 'false', false],
    ['bool', '0', false],
    ['duration', '0', 0],
    ['duration', '250ms', 250],
    ['duration', '30s', 30_000],
    ['duration', '15m', 900_000],
    ['duration', '1h30m', 5_400_000],
    ['duration', '7d', 604_800_000],
    ['size', '0', 0],
    ['size', '1024', 1024],
    ['size', '100MiB', 104_857_600],
    ['size', '500MB', 500_000_000],
    ['size', '2 gib', 2_147_483_648],
    ['url', 'https://registry.example.com/', 'https://registry.example.com'],
    ['url', 'http://localhost:8080', 'http://localhost:8080'],
    ['url', 'HTTPS://Registry.Example.com:443/a/', 'https://registry.example.com/a'],
    ['path', 'data', '/srv/data'],
    ['path', '/var/lib', '/var/lib'],
    ['list', 'a, b,,c', ['a', 'b', 'c']],
    ['cidr-list', '10.0.0.0/8,::1', ['10.0.0.0/8', '::1']],
    ['cidr-list', '0.0.0.0/0,::/128', ['0.0.0.0/0', '::/128']],
    ['secret', ' with $ and spaces ', ' with $ and spaces '],
    ['secret-list', 'one,two', ['one', 'two']],
  ])('reads %s %j', (type, text, value) => {
    expect(read(type, text)).toEqual(value);
  });

  it.each<[SettingType, string]>([
    ['int', '1.5'],
    ['int', '0x10'],
    ['int', 'eight'],
    ['int', '9'.repeat(20)],
    ['bool', 'yes'],
    ['bool', '2'],
    ['duration', '30'],
    ['duration', '1.5h'],
    ['duration', '-1s'],
    ['duration', '1w'],
    ['duration', '1h 30m'],
    ['size', '10 pounds'],
    ['size', '-1'],
    ['size', '1ib'],
    ['size', '999999999999999TiB'],
    ['url', 'registry.example.com'],
    ['url', 'ftp://example.com'],
    ['url', 'https://'],
    ['url', 'https://user:pw@example.com'],
    ['url', 'https://example.com/?a=1'],
    ['url', 'https://example.com/#a'],
    ['cidr-list', '10.0.0.0/33'],
    ['cidr-list', '::1/129'],
    ['cidr-list', '10.0.0/8'],
    ['cidr-list', '10.0.0.0/8/8'],
    ['cidr-list', 'proxy.internal'],
  ])('does not read %s %j', (type, text) => {
    expect(read(type, text)).toBe(NOT_READABLE);
  });

  it('takes the items of a YAML sequence as they are, commas included', () => {
    expect(read('list', ['a,b', 'c'])).toEqual(['a,b', 'c']);
    expect(read('list', [])).toEqual([]);
  });

  it('does not take a sequence for a single value', () => {
    expect(read('int', ['1'])).toBe(NOT_READABLE);
  });

  it('reads an encryption key of 32 bytes in each of its three forms', () => {
    const key = Buffer.from('0f1e2d3c4b5a69788796a5b4c3d2e1f0');
    expect(read('encryption-key', key.toString())).toEqual(key);
    expect(read('encryption-key', `hex:${key.toString('hex')}`)).toEqual(key);
    expect(read('encryption-key', `base64:${key.toString('base64')}`)).toEqual(key);
    expect(read('encryption-key-list', `hex:${key.toString('hex')}`)).toEqual([key]);
  });

  it.each(['k'.repeat(31), 'k'.repeat(33), 'ü'.repeat(32), `hex:${'0'.repeat(62)}`, 'base64:AAAA', 'hex:'])(
    'does not read %j as an encryption key',
    (text) => {
      expect(read('encryption-key', text)).toBe(NOT_READABLE);
      expect(read('encryption-key-list', text)).toBe(NOT_READABLE);
    },
  );

  it.each<[SettingType, number, string]>([
    ['duration', 0, '0'],
    ['duration', 86_400_000, '24h'],
    ['duration', 604_800_000, '7d'],
    ['duration', 5_400_000, '1h30m'],
    ['duration', 1_250, '1s250ms'],
    ['size', 104_857_600, '100MiB'],
    ['size', 1000, '1000'],
    ['size', 0, '0'],
  ])('writes %s %i so that it reads back', (type, value, text) => {
    expect(formatNumber(type, value)).toBe(text);
    expect(read(type, text)).toBe(value);
  });
});
