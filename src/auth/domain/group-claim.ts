const MAX_GROUPS = 2_000;

/**
 * The groups in a claim: a list of texts, or one text. `path` is the name of the claim, or names joined by dots
 * that walk into objects; a claim whose own name has dots is found as it is. Whatever else is there counts as no
 * groups; `undefined` when the claim is absent.
 */
export function groupsIn(claims: Readonly<Record<string, unknown>>, path: string): string[] | undefined {
  const value = valueAt(claims, path);
  if (value === undefined) return undefined;
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const groups = list.filter((one): one is string => typeof one === 'string' && one !== '');
  return [...new Set(groups)].slice(0, MAX_GROUPS);
}

function valueAt(claims: Readonly<Record<string, unknown>>, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
