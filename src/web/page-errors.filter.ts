import { type ArgumentsHost, Catch, type ExceptionFilter, Injectable, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AuditLog } from '../audit/audit-log.service.js';
import { NotAuthenticated } from '../auth/domain/auth.errors.js';
import { PasswordChangeRequired } from '../auth/domain/session.errors.js';
import { ErrorFilter } from '../platform/http/error.filter.js';
import { errorResponse } from '../platform/http/error-response.js';
import { errorPage } from './pages/error.page.js';
import { Pages } from './pages.service.js';
import { withReturn } from './return-path.js';

/**
 * Answers errors of pages with a page: the sentence and status of the error, or the way to what has to be done first.
 * It never leads to another site. Who does not ask for pages gets the body that the interface has for errors.
 */
@Catch()
@Injectable()
export class PageErrors implements ExceptionFilter {
  private readonly logger = new Logger('Pages');
  private readonly bodies = new ErrorFilter();

  constructor(
    private readonly pages: Pages,
    private readonly audit: AuditLog,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const first = this.pages.areOn ? whatComesFirst(error) : undefined;
    if (!acceptsPages(request)) this.bodies.answer(error, request, reply);
    else if (first === undefined) this.show(error, request, reply);
    else this.lead(first, request, reply);
  }

  private lead(first: string, request: FastifyRequest, reply: FastifyReply): void {
    // A redirect looks like a success.
    this.audit.nothingChanged();
    if (request.method === 'POST') this.pages.goTo(reply, first, 303);
    else this.pages.goTo(reply, withReturn(first, request.url));
  }

  private show(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const { id: requestId, url } = request;
    const { status, headers, body } = errorResponse(error, { url, requestId });
    if (status === 500) this.logger.error({ message: 'Request failed', request_id: requestId, err: error });
    const { error: sentence } = body as { error: string };
    const page = errorPage(this.pages.frame(), { status, sentence, requestId });
    this.pages.send(reply.headers(headers), page, { status });
  }
}

/** Browsers say so, and `curl` takes anything; scripts that say nothing, or `application/json`, want no page. */
function acceptsPages({ headers: { accept } }: FastifyRequest): boolean {
  return accept !== undefined && /text\/html|\*\/\*/i.test(accept);
}

function whatComesFirst(error: unknown): string | undefined {
  if (error instanceof NotAuthenticated) return '/sign-in';
  return error instanceof PasswordChangeRequired ? '/change-password' : undefined;
}
