import { Body, Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { RequireScope } from '../../access/route-access.decorator.js';
import { MirrorConfig } from '../../config/mirror.config.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { AcceptsUpload } from '../../platform/http/accepts-upload.js';
import { parseForm } from '../../platform/http/form-fields.js';
import { MultipartUpload } from '../../platform/http/multipart-upload.js';
import { RateLimit } from '../../platform/http/rate-limit.decorator.js';
import { BundleExport } from '../bundles/bundle-export.service.js';
import { BundleImport } from '../bundles/bundle-import.service.js';
import { MirrorAccess } from '../configuration/mirror-access.service.js';
import {
  BundleImportReportDto,
  BundleInventoryDto,
  ExportBundleDto,
  ImportBundleFormDto,
} from './mirror-bundles-api.dto.js';
import { presentImportReport, selectionOf } from './mirror-bundles-api.presenter.js';

/** Mirrored providers over an air gap: out as one signed file, in from one (additions to REST contract, section 20). */
@ApiTags('Provider mirrors')
@Controller('api/v1/admin/mirror-bundles')
export class MirrorBundlesApiController {
  constructor(
    private readonly exports: BundleExport,
    private readonly imports: BundleImport,
    private readonly uploads: MultipartUpload,
    private readonly access: MirrorAccess,
    private readonly config: MirrorConfig,
  ) {}

  /** What is here, for the other side to export only the rest. */
  @Get('inventory')
  @RequireScope('admin', 'platform')
  @ApiOkResponse({ type: BundleInventoryDto })
  async inventory(): Promise<BundleInventoryDto> {
    return { providers: await this.exports.inventory() };
  }

  /** One signed file of what is selected. An answer that breaks off is no bundle, and no import takes it. */
  @Post('export')
  @HttpCode(200)
  @RequireScope('admin', 'platform')
  @Audited('mirror')
  @ApiProduces('application/x-tar')
  @ApiOkResponse({ schema: { type: 'string', format: 'binary' } })
  async export(@Body() body: ExportBundleDto, @Res() reply: FastifyReply): Promise<void> {
    const { content, sizeBytes } = await this.exports.export(selectionOf(body));
    await reply
      .header('content-type', 'application/x-tar')
      .header('content-length', String(sizeBytes))
      .header('content-disposition', 'attachment; filename="terraform-providers.bundle.tar"')
      .send(content);
  }

  /** Takes a bundle: the part `bundle`, and in any order `mirror_id` and `signer`. */
  @Post('import')
  @HttpCode(200)
  @RequireScope('admin', 'platform')
  @Audited('mirror')
  @RateLimit('upload')
  @AcceptsUpload()
  @ApiConsumes('multipart/form-data')
  @ApiBody({ type: ImportBundleFormDto })
  @ApiOkResponse({ type: BundleImportReportDto })
  async import(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: IdentifiedPrincipal,
  ): Promise<BundleImportReportDto> {
    const setting = 'mirror.bundle_max_size';
    const spec = { files: { bundle: { maxBytes: this.config.bundleMaxBytes, setting } } };
    const upload = await this.uploads.receive(request, spec);
    try {
      const form = parseForm(ImportBundleFormDto, upload.fields, ['mirror_id']);
      const mirror = await this.access.get(principal, form.mirror_id, 'mirrors:manage');
      const bundle = upload.file('bundle');
      if (bundle === undefined) throw new InvalidInput('Send the bundle as the file part "bundle"');
      const userId = 'userId' in principal ? principal.userId : null;
      const { signer } = form;
      return presentImportReport(await this.imports.import({ path: bundle.path, mirror, signer, userId }));
    } finally {
      await upload.dispose();
    }
  }
}
