import { setTimeout as wait } from 'node:timers/promises';
import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SignedUrl } from '../../access/route-access.decorator.js';
import { DocumentReplies } from '../../platform/documents/document-replies.js';
import { ProviderPlatformNotFound } from '../../providers/domain/providers.errors.js';
import type { MirrorArchives } from '../pull-through/pulled-documents.service.js';
import { PullLinks, type PulledPackageAddress } from '../pull-through/pull-links.service.js';
import { PullThrough } from '../pull-through/pull-through.service.js';

const LOOKS = 30;
const LOOK_AGAIN_MS = 200;

type PulledPackagePath = Omit<PulledPackageAddress, 'host'> & { readonly hostname: string };

/** Packages of upstreams that are fetched when somebody downloads them, behind signed URLs, for GET and HEAD. */
@ApiExcludeController()
@Controller('terraform/providers/:hostname/:namespace/:type/:version/pull')
export class PulledPackagesController {
  constructor(
    private readonly links: PullLinks,
    private readonly pulled: PullThrough,
    private readonly documents: DocumentReplies,
  ) {}

  /** The bytes while they arrive, or where they are once they are here. */
  @Get(':platform')
  @SignedUrl()
  async send(
    @Param() path: PulledPackagePath,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const address = { ...path, host: path.hostname };
    this.links.verifyPackage(address, request.query as Record<string, unknown>);
    const { namespace, platform, type, version } = address;
    const stored = await this.storedUrl(address);
    if (stored !== undefined) return void reply.redirect(stored, 302);
    const mirror = await this.pulled.mirrorOf(address);
    if (mirror === undefined) throw new ProviderPlatformNotFound();
    reply.header('content-type', 'application/zip').header('cache-control', 'no-store');
    // Asking for the head is no reason to fetch: clients do so just before they download.
    if (request.method === 'HEAD') return void reply.send();
    const found = await this.pulled.package(mirror, { namespace, type }, version, platform);
    if (found?.kind === 'arriving') return void reply.send(found.arriving.read());
    const url = await this.urlOnceTold(address);
    if (url === undefined) throw new ProviderPlatformNotFound();
    reply.removeHeader('content-type').redirect(url, 302);
  }

  /** The same for what another process has just stored: the news of its documents may be a moment behind. */
  private async urlOnceTold(address: PulledPackageAddress): Promise<string | undefined> {
    for (let look = 1; ; look += 1) {
      const url = await this.storedUrl(address);
      if (url !== undefined || look === LOOKS) return url;
      await wait(LOOK_AGAIN_MS);
    }
  }

  /** Where the package is, if it is here and may be had. */
  private async storedUrl(address: PulledPackageAddress): Promise<string | undefined> {
    const { host, namespace, type, version, platform } = address;
    const path = `/terraform/providers/${host}/${namespace}/${type}/${version}.json`;
    const held = (await this.documents.content(path)) as MirrorArchives | undefined;
    return held?.archives[platform]?.url;
  }
}
