import { Controller, Get, HttpStatus, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PublicRead } from '../../access/route-access.decorator.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { ModuleAddress } from '../../kernel/terraform/module-address.js';
import { Version } from '../../kernel/terraform/version.js';
import { ApiVersionPath, VersionInPath } from '../../platform/http/version-in-path.decorator.js';
import { ModuleFileNotFound, ModulePartNotFound } from '../domain/modules.errors.js';
import { ModuleComparisons } from '../module-comparisons.service.js';
import { ModuleDocumentation } from '../module-documentation.service.js';
import { ModuleFiles } from '../module-files.service.js';
import { ReadableModuleVersion } from '../readable-module-version.service.js';
import { ModuleDocumentationDto, VersionComparisonDto } from './module-documentation.dto.js';
import { presentComparison, presentDocumentation } from './module-documentation.presenter.js';
import { ApiModulePath, ModuleInPath } from './module-in-path.decorator.js';

/** What a browser may do with a file of a stranger: show it, and nothing else. */
const FILE_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox";

/** What the registry understands of modules (REST contract 30.6). */
@ApiTags('Modules')
@ApiModulePath()
@Controller('api/v1/modules/:namespace/:name/:system')
export class ModuleDocumentationApiController {
  constructor(
    private readonly versions: ReadableModuleVersion,
    private readonly documentation: ModuleDocumentation,
    private readonly comparisons: ModuleComparisons,
    private readonly files: ModuleFiles,
  ) {}

  /** The documentation of a version: of its root module, or of the submodule or example at `path`. */
  @Get('versions/:version/docs')
  @ApiVersionPath()
  @ApiQuery({ name: 'path', required: false, type: String })
  @PublicRead('modules:read')
  @ApiOkResponse({ type: ModuleDocumentationDto })
  async docs(
    @ModuleInPath() address: ModuleAddress,
    @VersionInPath() version: Version,
    @Query('path') path: unknown,
  ): Promise<ModuleDocumentationDto> {
    const { id } = await this.versions.find(address, version);
    const wanted = typeof path === 'string' ? path.replace(/\/+$/, '') : '';
    const known = await this.documentation.find(id);
    const part = known && (await this.documentation.part(id, wanted));
    if (part === null && wanted !== '') throw new ModulePartNotFound();
    return presentDocumentation(known, part);
  }

  /** A file of the archive that READMEs link to or show: plain text or a raster image. */
  @Get('versions/:version/files')
  @ApiVersionPath()
  @ApiQuery({ name: 'path', type: String })
  @PublicRead('modules:read')
  @ApiProduces('text/plain', 'image/png', 'image/jpeg', 'image/gif', 'image/webp')
  @ApiOkResponse({ schema: { type: 'string', format: 'binary' } })
  async file(
    @ModuleInPath() address: ModuleAddress,
    @VersionInPath() version: Version,
    @Query('path') path: unknown,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    if (typeof path !== 'string') throw new ModuleFileNotFound();
    const { bytes, etag, mediaType } = await this.files.read(address, version, path);
    void reply.headers({
      etag,
      'content-security-policy': FILE_POLICY,
      'cache-control': 'private, no-cache',
    });
    if (isKnown(request.headers['if-none-match'], etag)) await reply.status(HttpStatus.NOT_MODIFIED).send();
    else await reply.header('content-type', mediaType).send(bytes);
  }

  /** What changes for somebody who goes from one version to another. */
  @Get('compare')
  @ApiQuery({ name: 'from', type: String })
  @ApiQuery({ name: 'to', type: String })
  @PublicRead('modules:read')
  @ApiOkResponse({ type: VersionComparisonDto })
  async compare(
    @ModuleInPath() address: ModuleAddress,
    @Query('from') from: unknown,
    @Query('to') to: unknown,
  ): Promise<VersionComparisonDto> {
    if (typeof from !== 'string' || typeof to !== 'string') {
      throw new InvalidInput('Name two versions: ?from=1.0.0&to=1.1.0');
    }
    return presentComparison(await this.comparisons.compare(address, Version.parse(from), Version.parse(to)));
  }
}

function isKnown(header: string | undefined, etag: string): boolean {
  return (header ?? '').split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}
