import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { Principal } from '../../access/principal.js';
import { PublicRead } from '../../access/route-access.decorator.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { NamespaceName } from '../../kernel/terraform/namespace-name.js';
import { ProtocolListQueryDto } from '../../platform/http/protocol-list.dto.js';
import { protocolMeta, protocolPage } from '../../platform/http/protocol-list.js';
import type { SearchRequest } from '../../search/search-request.js';
import { Search } from '../../search/search.service.js';
import { ListedProvidersDto, SearchProvidersQueryDto } from './provider-registry.dto.js';
import { presentListedProvider } from './provider-registry.presenter.js';

/** Lists of providers in the form of the public registry API. No CLI asks for them. */
@ApiTags('Terraform protocols')
@Controller('v1/providers')
export class ProviderRegistryController {
  constructor(private readonly search: Search) {}

  /** Every published provider that the caller may read, by name. */
  @Get()
  @PublicRead('providers:read')
  @ApiOkResponse({ type: ListedProvidersDto })
  list(
    @Query() query: ProtocolListQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ListedProvidersDto> {
    return this.page(principal, '/v1/providers', query, { sort: 'name' });
  }

  /** Published providers that the words of `q` fit, best first. */
  @Get('search')
  @PublicRead('providers:read')
  @ApiOkResponse({ type: ListedProvidersDto })
  find(
    @Query() query: SearchProvidersQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ListedProvidersDto> {
    const { q = '', namespace } = query;
    if (q.trim() === '') throw new InvalidInput('Missing required query parameter: q');
    return this.page(principal, '/v1/providers/search', query, {
      sort: 'relevance',
      q,
      ...(namespace && { namespace }),
    });
  }

  /** The published providers of a namespace, by name. */
  @Get(':namespace')
  @ApiParam({ name: 'namespace', type: String })
  @PublicRead('providers:read')
  @ApiOkResponse({ type: ListedProvidersDto })
  ofNamespace(
    @Param('namespace') text: string,
    @Query() query: ProtocolListQueryDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ListedProvidersDto> {
    const namespace = NamespaceName.parse(text).text.toLowerCase();
    return this.page(principal, `/v1/providers/${namespace}`, query, { sort: 'name', namespace });
  }

  /** One row more than the page is asked for: whether there is a next page does not depend on any count. */
  private async page(
    principal: Principal,
    path: string,
    query: ProtocolListQueryDto,
    wanted: Pick<SearchRequest, 'sort' | 'q' | 'namespace'>,
  ): Promise<ListedProvidersDto> {
    const page = protocolPage(query);
    const verified = query.verified === 'true' ? true : undefined;
    const { hits } = await this.search.find(principal, {
      kinds: ['provider'],
      match: 'name',
      publishedOnly: true,
      ...wanted,
      ...(verified && { verified }),
      offset: page.offset,
      limit: page.limit + 1,
    });
    const { q } = wanted;
    const namespace = q === undefined ? undefined : wanted.namespace;
    const filters = { q, namespace, verified: verified && 'true' };
    return {
      meta: protocolMeta(path, filters, page, hits.length > page.limit),
      providers: hits.slice(0, page.limit).map(presentListedProvider),
    };
  }
}
