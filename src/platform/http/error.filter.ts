import { type ArgumentsHost, Catch, type ExceptionFilter, Injectable, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../kernel/errors.js';
import {
  type ErrorResponse,
  errorResponse,
  type FailedRequest,
  reasonPhrase,
  statusResponse,
} from './error-response.js';

/**
 * Answers every error with the status of its kind and the body of REST contract 2.3. What is not a named error
 * becomes a 500 without details; those go to the log, together with the request id.
 */
@Catch()
@Injectable()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  /** The same for errors that Fastify finds before or after a handler. */
  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const response = errorResponse(error, failedRequest(request));
    if (response.status === 500 || (response.status === 503 && hasCause(error))) {
      this.logger.error({ message: 'Request failed', request_id: request.id, err: error });
    }
    this.send(response, request, reply);
  }

  /** Answers `404`, `405` and the like for requests that reached no handler. */
  answerStatus(status: number, request: FastifyRequest, reply: FastifyReply): void {
    this.send(statusResponse(status, failedRequest(request)), request, reply);
  }

  private send(response: ErrorResponse, request: FastifyRequest, reply: FastifyReply): void {
    const { status, headers, body } = response;
    if (reply.sent || reply.raw.headersSent) {
      request.raw.destroy();
      return;
    }
    for (const name of ['content-length', 'content-encoding', 'etag', 'cache-control', 'x-terraform-get']) {
      reply.removeHeader(name);
    }
    const reason = request.raw.httpVersionMajor === 1 ? reasonPhrase(response) : undefined;
    if (reason !== undefined) reply.raw.statusMessage = reason;
    void reply.code(status).headers(headers);
    void reply.type(
      typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8',
    );
    void reply.send(typeof body === 'string' ? body : JSON.stringify(body));
  }
}

function hasCause(error: unknown): boolean {
  return error instanceof DomainError && error.cause !== undefined;
}

function failedRequest(request: FastifyRequest): FailedRequest {
  const terraformVersion = request.headers['x-terraform-version'];
  return {
    url: request.raw.url ?? '/',
    requestId: request.id,
    terraformVersion: terraformVersion === undefined ? undefined : String(terraformVersion),
  };
}
