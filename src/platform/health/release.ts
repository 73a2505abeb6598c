import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Which release runs. Commit and build date are known when the build wrote `build-info.json`. */
export interface Release {
  readonly version: string;
  readonly commit?: string;
  /** RFC 3339. */
  readonly buildDate?: string;
}

/** Reads `package.json` of the product and `build-info.json` (`{"commit": …, "build_date": …}`) beside it. */
export function readRelease(from: string = import.meta.dirname): Release {
  const root = packageRoot(from);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const buildInfo = join(root, 'build-info.json');
  if (!existsSync(buildInfo)) return { version };
  const info = JSON.parse(readFileSync(buildInfo, 'utf8')) as { commit?: string; build_date?: string };
  return {
    version,
    ...(info.commit !== undefined && { commit: info.commit }),
    ...(info.build_date !== undefined && { buildDate: info.build_date }),
  };
}

function packageRoot(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (dirname(folder) === folder) throw new Error('package.json of the product was not found');
  }
}
