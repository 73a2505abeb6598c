import { Version } from '../../kernel/terraform/version.js';
import { UpstreamAnswerInvalid } from '../domain/mirror.errors.js';
import type { AnswerOrigin, JsonObject } from './registry-responses.js';

const MAX_VERSIONS = 20_000;

/**
 * Reads a list of versions of a module as clients do: the first module counts. Gives the canonical form of those that
 * this registry could hold, each once, in the order of the upstream. Throws `UpstreamAnswerInvalid`.
 */
export function parseModuleVersions(document: JsonObject, { url, what }: AnswerOrigin): readonly string[] {
  const refuse = (reason: string): never => {
    throw new UpstreamAnswerInvalid(url.host, what, reason);
  };
  const { modules } = document;
  const [module] = Array.isArray(modules) ? (modules as unknown[]) : [];
  if (!isObject(module)) return refuse('"modules" is no list with a module');
  const listed = module['versions'] ?? [];
  if (!Array.isArray(listed)) return refuse('"versions" is no list');
  if (listed.length > MAX_VERSIONS) return refuse(`"versions" has more than ${MAX_VERSIONS} entries`);
  const versions = new Set<string>();
  for (const entry of listed as unknown[]) {
    const text = isObject(entry) ? entry['version'] : undefined;
    const version = typeof text === 'string' ? Version.tryParse(text) : undefined;
    if (version !== undefined) versions.add(version.text);
  }
  return [...versions];
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
