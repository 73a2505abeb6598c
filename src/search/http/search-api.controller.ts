import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { Principal } from '../../access/principal.js';
import { PublicRead } from '../../access/route-access.decorator.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { presentMeta, readPaging } from '../search-paging.js';
import type { SearchRequest } from '../search-request.js';
import { Search } from '../search.service.js';
import { SearchPageDto, SearchQueryDto } from './search-api.dto.js';
import { presentFacets, presentHit } from './search-api.presenter.js';

const MAX_LIMIT = 100;

/** The search over everything that is published (REST contract 30.6). */
@ApiTags('Catalogue')
@Controller('api/v1/search')
export class SearchApiController {
  constructor(private readonly search: Search) {}

  /** Modules and providers that the caller may read, the best fitting first. */
  @Get()
  @PublicRead('modules:read', 'providers:read')
  @ApiOkResponse({ type: SearchPageDto })
  async find(
    @Query() query: SearchQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<SearchPageDto> {
    if ((query.q ?? '').trim() === '') throw new InvalidInput('Search query is required');
    const paging = readPaging(query, MAX_LIMIT);
    const page = await this.search.find(principal, { ...filtersOf(query), ...paging, withFacets: true });
    return { items: page.hits.map(presentHit), facets: presentFacets(page), meta: presentMeta(paging, page) };
  }
}

function filtersOf(
  query: SearchQueryDto,
): Pick<SearchRequest, 'kinds' | 'q' | 'match'> & Partial<SearchRequest> {
  const { type, namespace, system, provider, verified, deprecated } = query;
  return {
    kinds: type === undefined ? ['module', 'provider'] : [type],
    q: query.q ?? '',
    match: 'text',
    ...(namespace && { namespace }),
    ...(system && { system }),
    ...(provider && { provider }),
    ...(verified && { verified: verified === 'true' }),
    ...(deprecated && { deprecated: deprecated === 'true' }),
  };
}
