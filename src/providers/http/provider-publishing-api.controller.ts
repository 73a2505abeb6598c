import { Controller, Post, Req } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiCreatedResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { Principal } from '../../access/principal.js';
import { RequireScope } from '../../access/route-access.decorator.js';
import { DocumentationConfig } from '../../config/documentation.config.js';
import { LimitsConfig } from '../../config/limits.config.js';
import { Namespaces } from '../../orgs/namespaces.service.js';
import { AcceptsUpload } from '../../platform/http/accepts-upload.js';
import { MultipartUpload } from '../../platform/http/multipart-upload.js';
import { RateLimit } from '../../platform/http/rate-limit.decorator.js';
import type { UploadSpec } from '../../platform/http/received-upload.js';
import { ProviderPublishing } from '../provider-publishing.service.js';
import { PublishedPlatformDto, PublishedReleaseDto, PublishProviderFormDto } from './provider-api.dto.js';
import { presentPublishedPlatform, presentPublishedRelease } from './provider-api.presenter.js';
import { readProviderUpload } from './provider-upload.form.js';

/** Keys, checksum documents and signatures are small texts; nothing larger is one. */
const SMALL_FILE_BYTES = 1024 * 1024;

/** What brings providers into the registry (REST contract 16). */
@ApiTags('Providers')
@Controller('api/v1/providers')
export class ProviderPublishingApiController {
  constructor(
    private readonly uploads: MultipartUpload,
    private readonly limits: LimitsConfig,
    private readonly documentation: DocumentationConfig,
    private readonly namespaces: Namespaces,
    private readonly publishing: ProviderPublishing,
  ) {}

  /**
   * Publishes one platform (a zip in the part `file`, with `os` and `arch`), or a whole release (several
   * `file` parts with `shasums_file` and `shasums_signature_file`); parts in any order, all or nothing.
   */
  @Post()
  @RequireScope('providers:write')
  @Audited('provider')
  @RateLimit('upload')
  @AcceptsUpload()
  @ApiConsumes('multipart/form-data')
  @ApiBody({ type: PublishProviderFormDto })
  @ApiCreatedResponse({ type: PublishedPlatformDto })
  async publish(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
  ): Promise<PublishedPlatformDto | PublishedReleaseDto> {
    const upload = await this.uploads.receive(request, this.spec());
    try {
      const { address, version, release, about, ...form } = await readProviderUpload(upload);
      const grant = await this.namespaces.grantPublish(
        principal,
        address.namespace,
        'providers:write',
        form.organizationId,
      );
      const published = await this.publishing.publish(grant, address, version, release, about);
      return form.isWholeRelease ? presentPublishedRelease(published) : presentPublishedPlatform(published);
    } finally {
      await upload.dispose();
    }
  }

  private spec(): UploadSpec {
    return {
      files: {
        file: { maxBytes: this.limits.providerMaxBytes, setting: 'uploads.provider.max_size', many: true },
        gpg_public_key: { maxBytes: SMALL_FILE_BYTES, orText: true },
        shasums_file: { maxBytes: SMALL_FILE_BYTES, orText: true },
        shasums_signature_file: { maxBytes: SMALL_FILE_BYTES },
        docs_file: {
          maxBytes: this.documentation.providerMaxArchiveBytes,
          setting: 'documentation.provider.max_archive_size',
        },
      },
    };
  }
}
