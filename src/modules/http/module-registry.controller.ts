import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { Principal } from '../../access/principal.js';
import { PublicRead } from '../../access/route-access.decorator.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { NamespaceName } from '../../kernel/terraform/namespace-name.js';
import { protocolMeta, protocolPage } from '../../platform/http/protocol-list.js';
import type { SearchRequest } from '../../search/search-request.js';
import { Search } from '../../search/search.service.js';
import { ModuleNotFound } from '../domain/modules.errors.js';
import { ListedModulesDto, ListModulesQueryDto, SearchModulesQueryDto } from './module-registry.dto.js';
import { presentListedModule } from './module-registry.presenter.js';

/** Lists of modules in the form of the public registry API (protocol document, section 5). No CLI asks for them. */
@ApiTags('Terraform protocols')
@Controller('v1/modules')
export class ModuleRegistryController {
  constructor(private readonly search: Search) {}

  /** Every published module that the caller may read, by name. */
  @Get()
  @PublicRead('modules:read')
  @ApiOkResponse({ type: ListedModulesDto })
  list(
    @Query() query: ListModulesQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ListedModulesDto> {
    return this.page(principal, '/v1/modules', query, { sort: 'name' });
  }

  /** Published modules that the words of `q` fit, best first. */
  @Get('search')
  @PublicRead('modules:read')
  @ApiOkResponse({ type: ListedModulesDto })
  find(
    @Query() query: SearchModulesQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ListedModulesDto> {
    const { q = '', namespace } = query;
    if (q.trim() === '') throw new InvalidInput('Missing required query parameter: q');
    return this.page(principal, '/v1/modules/search', query, {
      sort: 'relevance',
      q,
      ...(namespace && { namespace }),
    });
  }

  /** The published modules of a namespace, by name. */
  @Get(':namespace')
  @ApiParam({ name: 'namespace', type: String })
  @PublicRead('modules:read')
  @ApiOkResponse({ type: ListedModulesDto })
  ofNamespace(
    @Param('namespace') text: string,
    @Query() query: ListModulesQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ListedModulesDto> {
    const { text: namespace } = NamespaceName.parse(text);
    return this.page(principal, `/v1/modules/${namespace}`, query, { sort: 'name', namespace });
  }

  /** The latest version of a module for each of its target systems. */
  @Get(':namespace/:name')
  @ApiParam({ name: 'namespace', type: String })
  @ApiParam({ name: 'name', type: String })
  @PublicRead('modules:read')
  @ApiOkResponse({ type: ListedModulesDto })
  async ofName(
    @Param('namespace') text: string,
    @Param('name') name: string,
    @Query() query: ListModulesQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ListedModulesDto> {
    const { text: namespace } = NamespaceName.parse(text);
    const path = `/v1/modules/${namespace}/${encodeURIComponent(name)}`;
    const page = await this.page(principal, path, query, { sort: 'name', namespace, name });
    if (page.modules.length === 0 && page.meta.current_offset === 0) throw new ModuleNotFound();
    return page;
  }

  /** One row more than the page is asked for: whether there is a next page does not depend on any count. */
  private async page(
    principal: Principal,
    path: string,
    query: SearchModulesQueryDto,
    wanted: Pick<SearchRequest, 'sort' | 'q' | 'namespace' | 'name'>,
  ): Promise<ListedModulesDto> {
    const page = protocolPage(query);
    const verified = query.verified === 'true' ? true : undefined;
    const { hits } = await this.search.find(principal, {
      kinds: ['module'],
      match: 'name',
      publishedOnly: true,
      ...wanted,
      ...(query.provider && { system: query.provider }),
      ...(verified && { verified }),
      offset: page.offset,
      limit: page.limit + 1,
    });
    const { q } = wanted;
    const { provider } = query;
    const namespace = q === undefined ? undefined : wanted.namespace;
    const filters = { q, namespace, provider, verified: verified && 'true' };
    return {
      meta: protocolMeta(path, filters, page, hits.length > page.limit),
      modules: hits.slice(0, page.limit).map(presentListedModule),
    };
  }
}
