import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { Principal } from '../../access/principal.js';
import { PublicRead } from '../../access/route-access.decorator.js';
import { presentMeta, readPaging } from '../../search/search-paging.js';
import { Search } from '../../search/search.service.js';
import { ProviderSearchPageDto, ProviderSearchQueryDto } from './provider-search.dto.js';
import { presentFoundProvider } from './provider-search.presenter.js';

/** The page that groups providers asks for so many rows at once. */
const MAX_LIMIT = 500;

/** The search over providers by address and description (REST contract 16). */
@ApiTags('Providers')
@Controller('api/v1/providers/search')
export class ProviderSearchController {
  constructor(private readonly search: Search) {}

  /** The providers that the caller may read, exact types first. */
  @Get()
  @PublicRead('providers:read')
  @ApiOkResponse({ type: ProviderSearchPageDto })
  async find(
    @Query() query: ProviderSearchQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ProviderSearchPageDto> {
    const paging = readPaging(query, MAX_LIMIT);
    const { q = '', namespace } = query;
    const page = await this.search.find(principal, {
      ...paging,
      kinds: ['provider'],
      match: 'name',
      q,
      ...(namespace && { namespace }),
    });
    return { providers: page.hits.map(presentFoundProvider), meta: presentMeta(paging, page) };
  }
}
