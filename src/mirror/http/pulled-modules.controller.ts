import { setTimeout as wait } from 'node:timers/promises';
import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SignedUrl } from '../../access/route-access.decorator.js';
import { ModuleAddress } from '../../kernel/terraform/module-address.js';
import { Version } from '../../kernel/terraform/version.js';
import { ModuleVersionNotFound } from '../../modules/domain/modules.errors.js';
import { SuppliedModules } from '../../modules/supplied-modules.service.js';
import { DocumentReplies } from '../../platform/documents/document-replies.js';
import { PullLinks } from '../pull-through/pull-links.service.js';
import { PulledModules } from '../pull-through/pulled-modules.service.js';

const LOOKS = 30;
const LOOK_AGAIN_MS = 200;

interface PulledModulePath {
  readonly namespace: string;
  readonly name: string;
  readonly system: string;
  readonly version: string;
}

/** Modules of upstreams that are fetched when somebody downloads them, behind signed URLs, for GET and HEAD. */
@ApiExcludeController()
@Controller('v1/modules/:namespace/:name/:system/:version/pull')
export class PulledModulesController {
  constructor(
    private readonly links: PullLinks,
    private readonly supplied: SuppliedModules,
    private readonly pulled: PulledModules,
    private readonly documents: DocumentReplies,
  ) {}

  /** Where the archive is, once it is here. */
  @Get(':filename')
  @SignedUrl()
  async send(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const path = request.params as PulledModulePath;
    const address = ModuleAddress.parse(path);
    const version = Version.parse(path.version);
    this.links.verifyModule(address, version, request.query as Record<string, unknown>);
    const document = `${address.protocolPath}/${version.text}/download`;
    const stored = await this.documents.location(request, document);
    if (stored !== undefined) return void reply.redirect(stored, 302);
    if ((await this.supplied.location(address, version)) === undefined) throw new ModuleVersionNotFound();
    // Asking for the head is no reason to fetch: clients do so just before they download.
    if (request.method === 'HEAD') {
      return void reply.headers({ 'content-type': 'application/gzip', 'cache-control': 'no-store' }).send();
    }
    await this.pulled.bring(address, version);
    const url = await this.locationOnceTold(request, document);
    if (url === undefined) throw new ModuleVersionNotFound();
    reply.redirect(url, 302);
  }

  /** The news of documents that another process has just stored may be a moment behind. */
  private async locationOnceTold(request: FastifyRequest, document: string): Promise<string | undefined> {
    for (let look = 1; ; look += 1) {
      const url = await this.documents.location(request, document);
      if (url !== undefined || look === LOOKS) return url;
      await wait(LOOK_AGAIN_MS);
    }
  }
}
