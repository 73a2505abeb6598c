import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

interface Schema {
  readonly $ref?: string;
  readonly properties?: object;
}

interface Operation {
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** The committed description; another test holds it against the code. */
const FILE = resolve(import.meta.dirname, '../../../../docs/reference/openapi.json');
const description = JSON.parse(readFileSync(FILE, 'utf8')) as Description;

/** The fields that the body of a route may have by its description; all others are extra. */
export function declaredFields(route: string): ReadonlySet<string> {
  const [method, path] = route.split(' ') as [string, string];
  const operation = description.paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
  const schemas = Object.values(operation?.requestBody?.content ?? {}).map(({ schema }) => schema);
  return new Set(schemas.flatMap(fieldsOf));
}

function fieldsOf({ $ref, properties }: Schema): string[] {
  const named = description.components.schemas[$ref?.split('/').at(-1) ?? ''];
  return Object.keys(properties ?? named?.properties ?? {});
}
