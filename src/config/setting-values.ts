import { isIP } from 'node:net';
import { resolve } from 'node:path';
import type { SettingType } from './setting-definition.js';

/** The answer of a parser for a text that does not have the form of the type. */
export const NOT_READABLE = Symbol('not readable');

type Parser = (text: string, cwd: string) => unknown;

const LIST_ITEMS: Partial<Record<SettingType, SettingType>> = {
  list: 'string',
  'cidr-list': 'string',
  'secret-list': 'secret',
  'encryption-key-list': 'encryption-key',
};

const PARSERS: Partial<Record<SettingType, Parser>> = {
  string: (text) => text,
  secret: (text) => text,
  int: (text) => numberOf(/^-?\d{1,15}$/.test(text.trim()) ? Number(text) : Number.NaN),
  bool: (text) => BOOLEANS.get(text.trim().toLowerCase()) ?? NOT_READABLE,
  duration: (text) => numberOf(parseDuration(text.trim())),
  size: (text) => numberOf(parseSize(text.trim())),
  url: (text) => parseUrl(text.trim()),
  path: (text, cwd) => resolve(cwd, text),
  json: parseJson,
  'encryption-key': parseEncryptionKey,
};

const BOOLEANS = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);
const DURATION_UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const SIZE_UNITS: Record<string, number> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/**
 * Turns what a source says into the value of a field: milliseconds for durations, bytes for sizes, absolute
 * paths, JSON as what it says. A list is either the items of a YAML sequence or one comma-separated text. Answers `NOT_READABLE`
 * when the form is wrong; limits are checked later.
 */
export function readValue(type: SettingType, raw: string | readonly string[], cwd: string): unknown {
  const itemType = LIST_ITEMS[type];
  if (itemType === undefined) {
    if (typeof raw === 'string') return PARSERS[type]!(raw, cwd);
    return type === 'json' ? [...raw] : NOT_READABLE;
  }
  const texts = typeof raw === 'string' ? raw.split(',') : raw;
  const items = texts.map((text) => text.trim()).filter((text) => text !== '');
  const values = items.map((text) => PARSERS[itemType]!(text, cwd));
  if (values.includes(NOT_READABLE)) return NOT_READABLE;
  return type === 'cidr-list' && !items.every(isNetwork) ? NOT_READABLE : values;
}

function numberOf(value: number): unknown {
  return Number.isSafeInteger(value) ? value : NOT_READABLE;
}

function parseDuration(text: string): number {
  if (text === '0') return 0;
  if (!/^(\d{1,12}(ms|s|m|h|d))+$/.test(text)) return Number.NaN;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|s|m|h|d)/g))
    total += Number(count) * DURATION_UNITS[unit!]!;
  return total;
}

function parseSize(text: string): number {
  const match = /^(\d{1,15})\s*([kmgt]?i?b)?$/i.exec(text);
  const factor = SIZE_UNITS[match?.[2]?.toLowerCase() ?? 'b'];
  return match === null || factor === undefined ? Number.NaN : Number(match[1]) * factor;
}

function parseUrl(text: string): unknown {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return NOT_READABLE;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || text.includes('?') || text.includes('#'))
    return NOT_READABLE;
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return NOT_READABLE;
  }
}

function parseEncryptionKey(text: string): unknown {
  const bytes = decodeKey(text);
  return bytes?.length === 32 ? bytes : NOT_READABLE;
}

function decodeKey(text: string): Buffer | undefined {
  const [, form, encoded] = /^(base64|hex):(.*)$/.exec(text) ?? [];
  if (form === 'hex') return /^[0-9a-f]{64}$/i.test(encoded!) ? Buffer.from(encoded!, 'hex') : undefined;
  if (form === 'base64')
    return /^[\w+/-]{43}=?$/.test(encoded!) ? Buffer.from(encoded!, 'base64') : undefined;
  return Buffer.from(text, 'utf8');
}

function isNetwork(text: string): boolean {
  const [address = '', bits, more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more !== undefined) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}
