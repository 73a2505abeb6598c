import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { Principal } from '../../access/principal.js';
import { PublicRead } from '../../access/route-access.decorator.js';
import { presentMeta, readPaging } from '../../search/search-paging.js';
import { Search } from '../../search/search.service.js';
import { ModuleSearchPageDto, ModuleSearchQueryDto } from './module-search.dto.js';
import { presentFoundModule } from './module-search.presenter.js';

/** The page that groups modules asks for so many rows at once. */
const MAX_LIMIT = 500;

/** The search over modules by address and description (REST contract 15). */
@ApiTags('Modules')
@Controller('api/v1/modules/search')
export class ModuleSearchController {
  constructor(private readonly search: Search) {}

  /** The modules that the caller may read, exact names first. */
  @Get()
  @PublicRead('modules:read')
  @ApiOkResponse({ type: ModuleSearchPageDto })
  async find(
    @Query() query: ModuleSearchQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ModuleSearchPageDto> {
    const paging = readPaging(query, MAX_LIMIT);
    const { q = '', namespace, system } = query;
    const page = await this.search.find(principal, {
      ...paging,
      kinds: ['module'],
      match: 'name',
      q,
      ...(namespace && { namespace }),
      ...(system && { system }),
    });
    return { modules: page.hits.map(presentFoundModule), meta: presentMeta(paging, page) };
  }
}
