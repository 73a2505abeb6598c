const MAX_DEPTH = 100;

/**
 * The same value as the database can keep it in a JSON column: no NUL, no half characters, and nothing nested deeper
 * than 100 levels, which becomes `null`.
 */
export function storable(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\0', '\uFFFD');
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return null;
  if (Array.isArray(value)) return value.map((item) => storable(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [storable(key), storable(item, depth + 1)]),
  ) as unknown;
}
