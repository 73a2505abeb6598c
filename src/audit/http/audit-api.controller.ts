import { Readable } from 'node:stream';
import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { Principal } from '../../access/principal.js';
import { RequireScope } from '../../access/route-access.decorator.js';
import { pageRequest } from '../../kernel/page.js';
import { AuditTrail } from '../audit-trail.service.js';
import type { AuditEntry } from '../domain/audit-entry.js';
import { AuditEntryDto, AuditFilterDto, AuditLogDto } from './audit-api.dto.js';
import { presentEntry, presentLines, presentLog } from './audit-api.presenter.js';
import { readEntryId, readFilter } from './audit-filter.query.js';

const PAGES = { perPage: 25, maxPerPage: 1_000 };
const BUFFERED_BYTES = 64 * 1024;

/** Who did what (REST contract 28). */
@ApiTags('Audit')
@Controller('api/v1/admin/audit-logs')
export class AuditApiController {
  constructor(private readonly trail: AuditTrail) {}

  /** The entries that the caller may see, newest first. */
  @Get()
  @RequireScope('audit:read')
  @ApiOkResponse({ type: AuditLogDto })
  async list(@Query() query: AuditFilterDto, @CurrentPrincipal() principal: Principal): Promise<AuditLogDto> {
    return presentLog(await this.trail.list(principal, readFilter(query), pageRequest(query, PAGES)));
  }

  /** All of them as NDJSON, oldest first, read only as fast as the client takes them. */
  @Get('export')
  @RequireScope('audit:read')
  @ApiProduces('application/x-ndjson')
  @ApiOkResponse({ type: AuditEntryDto, description: 'One entry a line' })
  export(
    @Query() query: AuditFilterDto,
    @CurrentPrincipal() principal: Principal,
    @Res() reply: FastifyReply,
  ): void {
    const lines = linesOf(this.trail.export(principal, readFilter(query)));
    const stream = Readable.from(lines, { objectMode: false, highWaterMark: BUFFERED_BYTES });
    void reply.header('content-type', 'application/x-ndjson').send(stream);
  }

  /** One entry. */
  @Get(':id')
  @RequireScope('audit:read')
  @ApiOkResponse({ type: AuditEntryDto })
  async show(@Param('id') id: string, @CurrentPrincipal() principal: Principal): Promise<AuditEntryDto> {
    return presentEntry(await this.trail.get(principal, readEntryId(id)));
  }
}

async function* linesOf(groups: AsyncIterable<readonly AuditEntry[]>): AsyncGenerator<string, void> {
  for await (const entries of groups) yield presentLines(entries);
}
