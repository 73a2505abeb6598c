import { readType } from './compared-type.js';
import type { ComparedType } from './compared-type.js';

/** What a new type means for values that the old one accepted. */
export interface TypeChange {
  /** Clauses about values that are accepted no longer; empty when all still are. */
  readonly narrowed: readonly string[];
  /** Whether the two types are the same but for how they are written. */
  readonly isSame: boolean;
}

type ObjectType = Extract<ComparedType, { kind: 'object' }>;
type Note = (clause: string) => void;

/** Compares two type expressions by Terraform's rules of conversion. */
export function compareTypes(from: string, to: string): TypeChange {
  const before = readType(from);
  const after = readType(to);
  if (before === undefined || after === undefined) {
    return { narrowed: from === to ? [] : ['the type cannot be compared'], isSame: from === to };
  }
  const narrowed: string[] = [];
  findNarrowed(before, after, '', (clause) => narrowed.push(clause));
  return { narrowed, isSame: narrowed.length === 0 && canonical(before) === canonical(after) };
}

function findNarrowed(from: ComparedType, to: ComparedType, path: string, note: Note): void {
  if (to.kind === 'any') return;
  if (to.kind === 'primitive') {
    const isAccepted = from.kind === 'primitive' && (from.name === to.name || to.name === 'string');
    if (!isAccepted) mismatch(from, to, path, note);
  } else if (to.kind === 'object') {
    if (from.kind === 'object') findNarrowedAttributes(from, to, path, note);
    else mismatch(from, to, path, note);
  } else if (to.kind === 'tuple') {
    const fits = from.kind === 'tuple' && from.elements.length === to.elements.length;
    if (!fits) mismatch(from, to, path, note);
    else {
      to.elements.forEach((element, index) => {
        findNarrowed(from.elements[index] ?? element, element, `${path}[${index}]`, note);
      });
    }
  } else {
    findNarrowedElements(from, to, path, note);
  }
}

function findNarrowedElements(
  from: ComparedType,
  to: Extract<ComparedType, { kind: 'collection' }>,
  path: string,
  note: Note,
): void {
  const isMap = to.name === 'map';
  if (from.kind === 'collection' && (from.name === 'map') === isMap) {
    findNarrowed(from.element, to.element, `${path}[*]`, note);
  } else if (from.kind === 'object' && isMap) {
    for (const [name, { type }] of from.attributes) findNarrowed(type, to.element, join(path, name), note);
  } else if (from.kind === 'tuple' && !isMap) {
    from.elements.forEach((element, index) => findNarrowed(element, to.element, `${path}[${index}]`, note));
  } else {
    mismatch(from, to, path, note);
  }
}

function findNarrowedAttributes(from: ObjectType, to: ObjectType, path: string, note: Note): void {
  for (const [name, { type, isOptional }] of to.attributes) {
    const place = join(path, name);
    const earlier = from.attributes.get(name);
    if (earlier === undefined) {
      if (!isOptional) note(`its attribute \`${place}\` is new and required`);
    } else {
      if (earlier.isOptional && !isOptional) note(`its attribute \`${place}\` became required`);
      findNarrowed(earlier.type, type, place, note);
    }
  }
  for (const name of from.attributes.keys()) {
    if (!to.attributes.has(name)) note(`its attribute \`${join(path, name)}\` was removed`);
  }
}

function mismatch(from: ComparedType, to: ComparedType, path: string, note: Note): void {
  const where = path === '' ? 'it' : `its part \`${path}\``;
  note(`${where} takes ${nameOf(to)} instead of ${nameOf(from)}`);
}

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

function nameOf(type: ComparedType): string {
  return type.kind === 'primitive' || type.kind === 'collection' ? type.name : type.kind;
}

/** The same text for types that are the same: whitespace, order of attributes and shorthands do not count. */
function canonical(type: ComparedType): string {
  switch (type.kind) {
    case 'any':
      return 'any';
    case 'primitive':
      return type.name;
    case 'collection':
      return `${type.name}(${canonical(type.element)})`;
    case 'tuple':
      return `tuple(${type.elements.map(canonical).join(',')})`;
    case 'object': {
      const attributes = [...type.attributes].map(
        ([name, { type: inner, isOptional, fallback }]) =>
          `${JSON.stringify(name)}=${isOptional ? `optional(${canonical(inner)},${fallback})` : canonical(inner)}`,
      );
      return `object(${attributes.sort().join(',')})`;
    }
  }
}
