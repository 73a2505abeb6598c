import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PublicRead } from '../../access/route-access.decorator.js';
import { ProviderAddress } from '../../kernel/terraform/provider-address.js';
import { Version } from '../../kernel/terraform/version.js';
import { DocumentReplies } from '../../platform/documents/document-replies.js';
import { OWN_HOST, OwnHostPaths } from '../../platform/documents/own-host-paths.js';
import { ProviderNotFound } from '../../providers/domain/providers.errors.js';
import type { Mirror } from '../domain/mirror.js';
import {
  type MirrorArchives,
  type MirrorIndex,
  PulledDocuments,
} from '../pull-through/pulled-documents.service.js';
import { type PulledAddress, PullThrough } from '../pull-through/pull-through.service.js';
import { MirrorIndexDto, MirrorVersionDto } from './network-mirror.dto.js';

interface MirrorPath {
  readonly hostname: string;
  readonly namespace: string;
  readonly type: string;
}

/** A document that says more than what is prepared. */
interface PulledPath {
  readonly mirror: Mirror;
  readonly address: PulledAddress;
  /** `index`, or a version. */
  readonly name: string;
  /** Where the prepared one is. */
  readonly stored: string;
}

/**
 * The provider network mirror protocol (REST contract 6.3). The host name is part of the identity: the names of this
 * registry mean what is published here, every other one what mirrors of that upstream brought. What is not here is 404,
 * so that clients go on to their next source.
 */
@ApiTags('Terraform protocols')
@ApiParam({ name: 'hostname', type: String })
@ApiParam({ name: 'namespace', type: String })
@ApiParam({ name: 'type', type: String })
@Controller('terraform/providers/:hostname/:namespace/:type')
export class NetworkMirrorController {
  constructor(
    private readonly documents: DocumentReplies,
    private readonly ownHost: OwnHostPaths,
    private readonly pulled: PullThrough,
    private readonly pulledDocuments: PulledDocuments,
  ) {}

  /** Every version of a provider that can be installed. */
  @Get('index.json')
  @PublicRead('providers:read')
  @ApiOkResponse({ type: MirrorIndexDto })
  async index(
    @Param() path: MirrorPath,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.send(path, 'index', request, reply);
  }

  /** The archives of a version, by platform. */
  @Get(':version.json')
  @PublicRead('providers:read')
  @ApiParam({ name: 'version', type: String })
  @ApiOkResponse({ type: MirrorVersionDto })
  async version(
    @Param() path: MirrorPath,
    @Param('version') version: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const isOwn = this.ownHost.isOwn(path.hostname);
    await this.send(
      path,
      (isOwn ? Version.parse(version) : Version.parseExact(version)).text,
      request,
      reply,
    );
  }

  private async send(
    path: MirrorPath,
    name: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const { namespace, type } = ProviderAddress.parse(path);
    const host = this.ownHost.isOwn(path.hostname) ? OWN_HOST : path.hostname.toLowerCase();
    // Stored under this name is what was published here, which is asked for by a real one.
    if (path.hostname === OWN_HOST) throw new ProviderNotFound();
    const stored = `/terraform/providers/${host}/${namespace}/${type}/${name}.json`;
    const address = { host, namespace, type };
    const mirror = host === OWN_HOST ? undefined : await this.pulled.mirrorOf(address);
    if (mirror !== undefined) return this.sendPulled({ mirror, address, name, stored }, request, reply);
    if (!(await this.documents.send(request, reply, stored))) throw new ProviderNotFound();
  }

  /** What is prepared says only what is here. */
  private async sendPulled(
    { mirror, address, name, stored }: PulledPath,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const held = await this.documents.content(stored);
    const found =
      name === 'index'
        ? await this.pulledDocuments.index(mirror, address, held as MirrorIndex | undefined)
        : await this.pulledDocuments.version(mirror, address, name, held as MirrorArchives | undefined);
    if (found === undefined) throw new ProviderNotFound();
    this.documents.sendRich(request, reply, found);
  }
}
