import { Controller, Get, Query, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ANONYMOUS } from '../../access/principal.js';
import { PublicRead } from '../../access/route-access.decorator.js';
import type { GuardedRequest } from '../../auth/guarded-request.js';
import { ChecksHost } from '../../platform/http/host-check.js';
import type { SearchKind } from '../../search/search-request.js';
import { Search } from '../../search/search.service.js';
import { PageErrors } from '../page-errors.filter.js';
import { Pages } from '../pages.service.js';
import { SearchView, type SearchWishes } from '../views/search.view.js';
import { WebSessions } from '../web-sessions.service.js';

const ROWS = 20;
const MAX_LENGTH = 256;

/** Finds modules and providers. */
@ApiExcludeController()
@ChecksHost()
@UseFilters(PageErrors)
@Controller('search')
export class SearchPage {
  constructor(
    private readonly search: Search,
    private readonly sessions: WebSessions,
    private readonly pages: Pages,
  ) {}

  /** What fits, by relevance; without words everything, by name. */
  @Get()
  @PublicRead('modules:read')
  async show(
    @Query() query: Record<string, unknown>,
    @Req() request: GuardedRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const session = await this.sessions.find(request);
    const wishes = wishesOf(query);
    const { q, type, ...filters } = wishes;
    const page = await this.search.find(request.principal ?? ANONYMOUS, {
      kinds: kindsOf(type),
      match: 'text',
      sort: q === '' ? 'name' : 'relevance',
      limit: ROWS,
      withFacets: true,
      ...given({ q, ...filters, cursor: textOf(query['cursor'], 1_024) }),
    });
    this.pages.send(reply, SearchView({ frame: this.pages.frame(session), facts: { wishes, page } }));
  }
}

function wishesOf(query: Record<string, unknown>): SearchWishes {
  const { q, type, namespace, system, provider } = query;
  return {
    q: textOf(q),
    type: textOf(type),
    namespace: textOf(namespace),
    system: textOf(system),
    provider: textOf(provider),
  };
}

function textOf(value: unknown, maxLength = MAX_LENGTH): string {
  return typeof value === 'string' ? value.slice(0, maxLength) : '';
}

function kindsOf(type: string): SearchKind[] {
  return type === 'module' || type === 'provider' ? [type] : ['module', 'provider'];
}

function given<T extends Record<string, string>>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== '')) as Partial<T>;
}
