import { MalformedRequest } from './http.errors.js';

const MAX_DEPTH = 20;
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Parses a JSON request body; an empty one is `{}`. Throws `MalformedRequest` for text that is not JSON or not
 * UTF-8, for anything but an object, for nesting deeper than 20, for the key `__proto__` and for the character NUL,
 * which no text in the database can hold.
 */
export function parseJsonBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return {};
  const value = parse(bytes);
  // Validation by the fields of a class lets a list pass, whatever is in it.
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MalformedRequest('The request body must be a JSON object');
  }
  checkShape(value);
  return value;
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    throw new MalformedRequest('The request body is not valid JSON');
  }
}

function checkShape(root: unknown): void {
  let level: unknown[] = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value === 'string' && value.includes('\0')) throw hasNul();
      if (typeof value !== 'object' || value === null) continue;
      if (depth === MAX_DEPTH) {
        throw new MalformedRequest(`The request body is nested deeper than ${MAX_DEPTH} levels`);
      }
      if (!Array.isArray(value)) checkKeys(value);
      for (const one of Object.values(value)) next.push(one);
    }
    level = next;
  }
}

function checkKeys(value: object): void {
  if (Object.hasOwn(value, '__proto__')) {
    throw new MalformedRequest('The request body has a key named __proto__');
  }
  if (Object.keys(value).some((key) => key.includes('\0'))) throw hasNul();
}

function hasNul(): MalformedRequest {
  return new MalformedRequest('The request body contains the character NUL');
}
