import type { DynamicModule, INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { WebConfig } from '../../config/web.config.js';
import { readRelease } from '../health/release.js';

type Operations = Record<string, { tags?: string[]; operationId?: string } | undefined>;

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options'];

/** The tag of an operation whose controller names none, by path. */
const SECTIONS: readonly (readonly [RegExp, string])[] = [
  [/^\/(?:v1\/(?:modules|providers)|terraform\/providers)/, 'Terraform protocols'],
  [/^\/v1\/files/, 'File serving'],
  [/^\/terraform\/binaries/, 'Public binary mirror'],
  [/^\/api\/v1\/(?:admin\/)?modules/, 'Modules'],
  [/^\/api\/v1\/(?:admin\/)?providers/, 'Providers'],
  [/^\/api\/v1\/apikeys/, 'API keys'],
  [/^\/api\/v1\/organizations/, 'Organizations'],
];

/**
 * The OpenAPI document of the application: DTO classes and controllers as they are, `info` from the `api_docs`
 * settings, exactly one tag and an id of its own for every operation.
 */
export function buildOpenApi(app: INestApplication, web: WebConfig): OpenAPIObject {
  const document = SwaggerModule.createDocument(app, describe(web).build());
  sortEnums(document);
  const usedIds = new Set<string>();
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = (item as Operations)[method];
      if (!operation) continue;
      operation.tags = [operation.tags?.[0] ?? sectionOf(path)];
      operation.operationId = uniqueId(operation.operationId ?? `${method}${path}`, usedIds);
    }
  }
  return document;
}

/** The same document of a module that is not started: no database is opened, nothing listens. */
export async function describeModule(module: DynamicModule, web: WebConfig): Promise<OpenAPIObject> {
  const options = { preview: true, abortOnError: false, logger: false } as const;
  return buildOpenApi(await NestFactory.create(module, new FastifyAdapter(), options), web);
}

/**
 * The compiler names the members of a union in no order that could be relied on. Lists are copied: some are those by whose
 * order the product decides.
 */
function sortEnums(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    if (name === 'enum' && Array.isArray(inner)) Object.assign(value, { enum: inner.toSorted() });
    else sortEnums(inner);
  }
}

function describe(web: WebConfig): DocumentBuilder {
  const builder = new DocumentBuilder()
    .setTitle('Terraform registry')
    .setDescription(
      'Modules and providers for Terraform and OpenTofu, and the interface that administers them.',
    )
    .setVersion(readRelease().version)
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API key: `tfr_…`' });
  if (web.apiDocsTermsOfService !== undefined) builder.setTermsOfService(web.apiDocsTermsOfService);
  if (web.apiDocsLicense !== undefined) builder.setLicense(web.apiDocsLicense, '');
  if (web.apiDocsContactName !== undefined || web.apiDocsContactEmail !== undefined) {
    builder.setContact(web.apiDocsContactName ?? '', '', web.apiDocsContactEmail ?? '');
  }
  return builder;
}

function sectionOf(path: string): string {
  return SECTIONS.find(([pattern]) => pattern.test(path))?.[1] ?? 'System';
}

function uniqueId(id: string, used: Set<string>): string {
  let unique = id;
  for (let count = 2; used.has(unique); count += 1) unique = `${id}_${count}`;
  used.add(unique);
  return unique;
}
