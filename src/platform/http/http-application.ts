import cookie from '@fastify/cookie';
import multipart from '@fastify/multipart';
import { type DynamicModule, ValidationPipe, type ValidationError } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { fastify, type FastifyInstance } from 'fastify';
import type { AppConfig } from '../../config/app-config.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { AppLogger } from '../logging/logger.js';
import { RequestLog } from '../logging/request-log.hook.js';
import { Metrics } from '../metrics/metrics.js';
import { AllowedMethods } from './allowed-methods.js';
import { ApiDescription } from './api-description.js';
import { formatBytes } from './byte-size.js';
import { answerClientError } from './client-error.js';
import { CorsPolicy } from './cors.js';
import { ErrorFilter } from './error.filter.js';
import { TooLarge } from './http.errors.js';
import { parseFormBody } from './form-body.js';
import { parseJsonBody } from './json-body.js';
import { buildOpenApi } from './openapi.js';
import { parseQueryString } from './query-string.js';
import { RegistryFastifyAdapter } from './registry-fastify-adapter.js';
import { addRequestHooks, answerUnknown } from './request-hooks.js';
import { requestId } from './request-id.js';
import { addRequestMeter } from './request-meter.js';
import { type HeaderSet, securityHeaders } from './security-headers.js';
import { serverFactory, type ServerState } from './server-factory.js';

const MAX_PARAM_LENGTH = 1024;

/** An application that is ready to listen, and the switches of its server. */
export interface HttpApplication {
  readonly app: NestFastifyApplication;
  readonly state: ServerState;
}

/**
 * Builds a Nest application on a Fastify instance with everything that surrounds the routes: server and time
 * limits, edge checks, headers, body parsers, validation, error bodies, 404 and 405, metrics and request log.
 */
export async function createHttpApplication(
  module: DynamicModule,
  config: AppConfig,
  logger: AppLogger,
): Promise<HttpApplication> {
  const state: ServerState = { isDraining: false };
  const errors = new ErrorFilter();
  const instance = createFastify(config, state, errors);
  const app = await NestFactory.create<NestFastifyApplication>(module, new RegistryFastifyAdapter(instance), {
    logger,
    abortOnError: false,
    bodyParser: false,
    forceCloseConnections: true,
  });
  app.useGlobalFilters(errors);
  app.useGlobalPipes(validation());
  app.get(ApiDescription, { strict: false }).describeWith(() => buildOpenApi(app, config.web));
  addRequestMeter(instance, app.get(Metrics, { strict: false }), app.get(RequestLog, { strict: false }));
  await app.init();
  await instance.ready();
  return { app, state };
}

function createFastify(config: AppConfig, state: ServerState, errors: ErrorFilter): FastifyInstance {
  const { server, security, limits } = config;
  const headers = securityHeaders({ publicUrl: server.publicUrl, hstsEnabled: security.hstsEnabled });
  const instance = fastify({
    serverFactory: serverFactory(server, security.tls, state) as never,
    genReqId: (raw) => requestId(headerText(raw.headers['x-request-id'])),
    requestIdHeader: false,
    trustProxy: server.trustedProxies.length > 0 ? [...server.trustedProxies] : false,
    bodyLimit: limits.jsonMaxBytes,
    routerOptions: {
      ignoreTrailingSlash: true,
      maxParamLength: MAX_PARAM_LENGTH,
      querystringParser: parseQueryString,
    },
    clientErrorHandler: (error, socket) => answerClientError(error, socket as never, headers),
    frameworkErrors: (error, request, reply) => {
      void reply.headers(headers).header('x-request-id', request.id);
      errors.answer(error, request as never, reply as never);
    },
    forceCloseConnections: false,
    return503OnClosing: false,
  }) as unknown as FastifyInstance;
  const allowed = new AllowedMethods(instance);
  addRequestHooks(instance, {
    headers,
    cors: new CorsPolicy(security),
    errors,
    allowed,
    state,
    readTimeoutMs: server.readTimeoutMs,
    writeTimeoutMs: server.writeTimeoutMs,
  });
  addBodyParsers(instance);
  addErrorAnswers(instance, errors, allowed, headers, limits.jsonMaxBytes);
  return instance;
}

function addBodyParsers(instance: FastifyInstance): void {
  instance.removeAllContentTypeParsers();
  instance.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseJsonBody(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  instance.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'buffer' },
    (request, body, done) => {
      try {
        done(null, parseFormBody(request, body as Buffer));
      } catch (error) {
        done(error as Error);
      }
    },
  );
  void instance.register(cookie);
  void instance.register(multipart, { throwFileSizeLimit: false });
}

function addErrorAnswers(
  instance: FastifyInstance,
  errors: ErrorFilter,
  allowed: AllowedMethods,
  headers: HeaderSet,
  jsonMaxBytes: number,
): void {
  instance.setErrorHandler((error: { code?: string }, request, reply) => {
    const isTooLarge = error.code === 'FST_ERR_CTP_BODY_TOO_LARGE';
    errors.answer(isTooLarge ? bodyTooLarge(jsonMaxBytes) : error, request, reply);
  });
  instance.setNotFoundHandler((request, reply) => {
    void reply.headers(headers).header('x-request-id', request.id);
    answerUnknown(request, reply, errors, allowed);
  });
}

function bodyTooLarge(limit: number): TooLarge {
  return new TooLarge(`The request body is larger than ${formatBytes(limit)} (TFR_UPLOADS_JSON_MAX_SIZE)`);
}

function validation(): ValidationPipe {
  return new ValidationPipe({
    whitelist: true,
    transform: true,
    stopAtFirstError: true,
    exceptionFactory: (problems: ValidationError[]) => {
      const fields: Record<string, string> = {};
      collectFields(problems, '', fields);
      return new InvalidInput(Object.values(fields)[0] ?? 'The request is not valid', { fields });
    },
  });
}

function collectFields(problems: ValidationError[], prefix: string, fields: Record<string, string>): void {
  for (const { property, constraints, children } of problems) {
    const [message] = Object.values(constraints ?? {});
    if (message !== undefined) fields[`${prefix}${property}`] = message;
    collectFields(children ?? [], `${prefix}${property}.`, fields);
  }
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
