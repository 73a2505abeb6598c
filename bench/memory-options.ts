import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** The options that `npm start` gives Node: what is measured runs like what is installed. */
export function memoryOptions(): string {
  const { scripts } = JSON.parse(readFileSync(resolve(import.meta.dirname, '../package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const options = /\$\{NODE_OPTIONS:-([^}]+)\}/.exec(scripts['start'] ?? '')?.[1];
  if (options === undefined) throw new Error('The start script of package.json sets no NODE_OPTIONS');
  return options;
}
