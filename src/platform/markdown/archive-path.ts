const CONTROL = /[\u0000-\u001f\u007f\\]/;

/** A place inside an archive that a document refers to. */
export interface ArchivePath {
  /** Without a slash at either end; `""` is the top of the archive. */
  readonly path: string;
  /** What follows `#`, as written; `""` without one. */
  readonly fragment: string;
}

/**
 * Resolves a relative reference of a document in the folder `base` to a path inside its archive, as a host of
 * repositories does: `/x` begins at the top. `null` for what leaves the archive or cannot be a path.
 */
export function resolveArchivePath(base: string, reference: string): ArchivePath | null {
  const [beforeFragment = '', ...rest] = reference.split('#');
  const [target = ''] = beforeFragment.split('?');
  const decoded = decode(target);
  if (decoded === null || CONTROL.test(decoded)) return null;
  const segments = decoded.startsWith('/') ? [] : base.split('/').filter((segment) => segment !== '');
  for (const segment of decoded.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') segments.push(segment);
    else if (segments.pop() === undefined) return null;
  }
  return { path: segments.join('/'), fragment: rest.join('#') };
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
