import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { UnsupportedMediaType } from './http.errors.js';

const TYPE = /^multipart\/form-data/i;

/** The route takes `multipart/form-data`; every other one refuses it before anything of it is read. */
export const AcceptsUpload = () => RouteConfig({ acceptsUpload: true });

/** Whether the request is an upload to a route that takes one. */
export function isUpload({ headers, routeOptions }: FastifyRequest): boolean {
  const { acceptsUpload } = routeOptions.config as { acceptsUpload?: boolean };
  return acceptsUpload === true && TYPE.test(headers['content-type'] ?? '');
}

/** What is wrong with an upload to a route that takes none. */
export function refusedUpload(request: FastifyRequest): UnsupportedMediaType | undefined {
  if (isUpload(request) || !TYPE.test(request.headers['content-type'] ?? '')) return undefined;
  return new UnsupportedMediaType('Unsupported content type: send application/json');
}
