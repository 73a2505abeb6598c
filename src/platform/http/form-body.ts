import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { MalformedRequest, UnsupportedMediaType } from './http.errors.js';

const MAX_FIELDS = 100;
const decoder = new TextDecoder('utf-8', { fatal: true });

/** The route takes `application/x-www-form-urlencoded` as well, as the token endpoints and the pages do. */
export const AcceptsForm = () => RouteConfig({ acceptsForm: true });

/**
 * Parses a form body into its fields. Throws `MalformedRequest` for a field that is sent twice (RFC 6749, section
 * 3.2), too many fields, the character NUL or text that is not UTF-8, `UnsupportedMediaType` on routes that take no forms.
 */
export function parseFormBody(request: FastifyRequest, bytes: Buffer): Record<string, string> {
  const { acceptsForm } = request.routeOptions.config as { acceptsForm?: boolean };
  if (acceptsForm !== true) throw new UnsupportedMediaType('Unsupported content type: send application/json');
  const fields: Record<string, string> = Object.create(null) as Record<string, string>;
  let count = 0;
  for (const [name, value] of new URLSearchParams(textOf(bytes))) {
    count += 1;
    if (count > MAX_FIELDS) throw new MalformedRequest(`The form has more than ${MAX_FIELDS} fields`);
    if (name.includes('\0') || value.includes('\0')) {
      throw new MalformedRequest('The form contains the character NUL');
    }
    if (Object.hasOwn(fields, name)) throw new MalformedRequest('The form has a field twice');
    fields[name] = value;
  }
  return { ...fields };
}

function textOf(bytes: Buffer): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new MalformedRequest('The form is not valid UTF-8');
  }
}
