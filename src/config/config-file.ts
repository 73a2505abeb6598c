import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type { Document, ParsedNode } from 'yaml';

const SEARCHED = ['./config.yaml', './config/config.yaml', '/etc/terraform-registry/config.yaml'];

/** A YAML value as text: a list of structures as JSON; `undefined` stands for what is neither. */
export type YamlText = string | readonly string[] | undefined;

/** The configuration file, flattened: dotted keys and the values as they are written. */
export interface ConfigFile {
  path: string;
  values: ReadonlyMap<string, YamlText>;
}

/** The configuration file cannot be read or is malformed. The message says where and why. */
export class ConfigFileUnusable extends Error {
  constructor(
    readonly path: string,
    message: string,
  ) {
    super(message);
    this.name = 'ConfigFileUnusable';
  }
}

/**
 * Reads the named file, or the first that exists of the searched places. Answers nothing when no file is
 * named and none exists; throws `ConfigFileUnusable` for a file that cannot be used.
 */
export function readConfigFile(named: string | undefined, cwd: string): ConfigFile | undefined {
  const candidates =
    named === undefined
      ? SEARCHED.map((path) => resolve(cwd, path)).filter(existsSync)
      : [resolve(cwd, named)];
  const path = candidates[0];
  if (path === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigFileUnusable(
      path,
      `expected a file that can be read (${(error as NodeJS.ErrnoException).code})`,
    );
  }
  return { path, values: flatten(parse(path, text)) };
}

function parse(path: string, text: string): Document.Parsed {
  // Most installations have no file: the parser is loaded only when there is one.
  const yaml = createRequire(import.meta.url)('yaml') as typeof import('yaml');
  const document = yaml.parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined)
    throw new ConfigFileUnusable(path, `expected valid YAML: ${error.message.split('\n')[0]}`);
  const { contents } = document;
  const isEmpty = contents === null || (yaml.isScalar(contents) && contents.value === null);
  if (!isEmpty && !yaml.isMap(contents))
    throw new ConfigFileUnusable(path, 'expected a YAML mapping at the top');
  return document;
}

function flatten(document: Document.Parsed): Map<string, YamlText> {
  const yaml = createRequire(import.meta.url)('yaml') as typeof import('yaml');
  const values = new Map<string, YamlText>();
  const resolved = (node: unknown) => (yaml.isAlias(node) ? node.resolve(document) : node);
  // The text as it is written, so that a password 0123 or a version 1.20 stays what it is.
  const textOf = (node: unknown): string | undefined => {
    const scalar = resolved(node);
    if (!yaml.isScalar(scalar)) return undefined;
    if (scalar.value === null) return '';
    return typeof scalar.value === 'string' ? scalar.value : (scalar.source ?? String(scalar.value));
  };
  const visit = (found: unknown, key: string): void => {
    const node = resolved(found);
    if (yaml.isMap<ParsedNode>(node)) {
      if (node.items.length === 0) return;
      for (const item of node.items)
        visit(item.value, key === '' ? String(item.key) : `${key}.${String(item.key)}`);
    } else if (yaml.isSeq(node)) {
      const items = node.items.map(textOf);
      values.set(key, items.includes(undefined) ? JSON.stringify(node.toJS(document)) : (items as string[]));
    } else if (node !== null && key !== '') {
      values.set(key, textOf(node));
    }
  };
  visit(document.contents, '');
  return values;
}
