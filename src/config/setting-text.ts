import type { SettingOptions, SettingType } from './setting-definition.js';

const EXPECTED: Record<SettingType, string> = {
  string: 'a text',
  int: 'an integer',
  bool: 'true, false, 1 or 0',
  duration: 'a duration such as 30s, 15m, 1h30m or 7d',
  size: 'a size in bytes, or with a unit such as 100MiB or 500MB',
  url: 'an absolute http or https address without user, query and fragment',
  list: 'a list (a YAML sequence; comma-separated in the environment)',
  'cidr-list': 'a list of IP addresses or networks such as 10.0.0.0/8',
  path: 'a path',
  json: 'JSON (a YAML sequence in the file)',
  secret: 'a text',
  'secret-list': 'a list of secrets',
  'encryption-key': 'exactly 32 characters, or base64:… or hex:… of 32 bytes',
  'encryption-key-list': 'a list of keys, each of exactly 32 characters, or base64:… or hex:… of 32 bytes',
};

/** The words after "expected": type and limits of a setting. */
export function expectation(options: SettingOptions): string {
  if (options.expected !== undefined) return options.expected;
  if (options.values !== undefined) return `one of ${options.values.join(', ')}`;
  return `${EXPECTED[options.type]}${limitsText(options)}`;
}

/** The limits of a setting in words (` from 1 to 65535`), or nothing. */
export function limitsText({ type, min, max }: SettingOptions): string {
  const show = (limit: number) => formatNumber(type, limit);
  if (min !== undefined && max !== undefined) return ` from ${show(min)} to ${show(max)}`;
  if (min !== undefined) return ` of at least ${show(min)}`;
  return max === undefined ? '' : ` of at most ${show(max)}`;
}

const DURATION_UNITS: readonly [string, number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
];
const SIZE_UNITS: readonly [string, number][] = [
  ['GiB', 1024 ** 3],
  ['MiB', 1024 ** 2],
  ['KiB', 1024],
];

/** A number in the form in which it would be written in the configuration. */
export function formatNumber(type: SettingType, value: number): string {
  if (type === 'size') {
    const [unit, factor] = SIZE_UNITS.find(([, size]) => value >= size && value % size === 0) ?? ['', 1];
    return `${value / factor}${unit}`;
  }
  if (type !== 'duration' || value === 0) return String(value);
  let rest = value;
  let text = '';
  for (const [unit, factor] of DURATION_UNITS) {
    // One day is usually thought of as 24h.
    const count = unit === 'd' && value < 2 * factor ? 0 : Math.floor(rest / factor);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * factor;
  }
  return text;
}

/** A value in the form in which it would be written in the environment. */
export function formatValue(type: SettingType, value: unknown): string {
  if (type === 'json') return JSON.stringify(value);
  if (Array.isArray(value)) return value.join(',');
  return typeof value === 'number' ? formatNumber(type, value) : String(value);
}
