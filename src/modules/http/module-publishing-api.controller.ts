import { Body, Controller, HttpStatus, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiCreatedResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Audited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { Principal } from '../../access/principal.js';
import { RequireScope } from '../../access/route-access.decorator.js';
import { LimitsConfig } from '../../config/limits.config.js';
import { ModuleAddress } from '../../kernel/terraform/module-address.js';
import { Namespaces } from '../../orgs/namespaces.service.js';
import { AcceptsUpload } from '../../platform/http/accepts-upload.js';
import { MultipartUpload } from '../../platform/http/multipart-upload.js';
import { RateLimit } from '../../platform/http/rate-limit.decorator.js';
import { ModulePublishing } from '../module-publishing.service.js';
import { ModuleRegistration } from '../module-registration.service.js';
import {
  CreateModuleDto,
  ModuleRecordDto,
  PublishedModuleDto,
  PublishModuleFormDto,
} from './module-api.dto.js';
import { presentPublished, presentRecord } from './module-api.presenter.js';
import { readModuleUpload } from './module-upload.form.js';

/** What brings modules into the registry (REST contract 15). */
@ApiTags('Modules')
@Controller('api/v1')
export class ModulePublishingApiController {
  constructor(
    private readonly uploads: MultipartUpload,
    private readonly limits: LimitsConfig,
    private readonly namespaces: Namespaces,
    private readonly publishing: ModulePublishing,
    private readonly registration: ModuleRegistration,
  ) {}

  /** Publishes a version: a gzip-compressed tar in the part `file`; parts in any order. */
  @Post('modules')
  @RequireScope('modules:write')
  @Audited('module')
  @RateLimit('upload')
  @AcceptsUpload()
  @ApiConsumes('multipart/form-data')
  @ApiBody({ type: PublishModuleFormDto })
  @ApiCreatedResponse({ type: PublishedModuleDto })
  async publish(
    @Req() request: FastifyRequest,
    @CurrentPrincipal() principal: Principal,
  ): Promise<PublishedModuleDto> {
    const upload = await this.uploads.receive(request, {
      files: { file: { maxBytes: this.limits.moduleMaxBytes, setting: 'uploads.module.max_size' } },
    });
    try {
      const { address, version, file, about, organizationId } = readModuleUpload(upload);
      const grant = await this.namespaces.grantPublish(
        principal,
        address.namespace,
        'modules:write',
        organizationId,
      );
      return presentPublished(
        await this.publishing.publish(grant, address, version, file, about),
        file.filename,
      );
    } finally {
      await upload.dispose();
    }
  }

  /** Creates a module record without a version; answers 200 when it is there already. */
  @Post('admin/modules/create')
  @RequireScope('modules:write')
  @Audited('module')
  @ApiCreatedResponse({ type: ModuleRecordDto })
  async create(
    @Body() body: CreateModuleDto,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ModuleRecordDto> {
    const address = ModuleAddress.parse(body);
    const grant = await this.namespaces.grantPublish(
      principal,
      address.namespace,
      'modules:write',
      body.organization_id,
    );
    const { module, isNew } = await this.registration.create(grant, address, {
      description: body.description,
    });
    reply.status(isNew ? HttpStatus.CREATED : HttpStatus.OK);
    return presentRecord(module);
  }
}
