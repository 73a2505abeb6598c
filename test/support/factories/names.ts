let count = 0;

/** A name that no other test of this file uses; legal as namespace, module name, provider type and organization. */
export function uniqueName(prefix: string): string {
  count += 1;
  return `${prefix}-${count}`;
}
