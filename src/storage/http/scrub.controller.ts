import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../access/audited.decorator.js';
import { RequireScope } from '../../access/route-access.decorator.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { pageRequest } from '../../kernel/page.js';
import { isUuid } from '../../kernel/uuid.js';
import { PageQueryDto } from '../../platform/http/pagination.dto.js';
import { RepairRequests } from '../repair-requests.service.js';
import { ScrubControl } from '../scrub-control.service.js';
import { ScrubStatus } from '../scrub-status.service.js';
import { RepairStartedDto, ScrubStartedDto, ScrubStateDto, StartScrubDto } from './scrub.dto.js';
import { presentDamaged, presentScrub } from './scrub.presenter.js';

const PAGES = { perPage: 50, maxPerPage: 500 };

/** Damage in the storages: what is known, and what is done about it. */
@ApiTags('Storage')
@Controller('api/v1/storage/scrub')
export class ScrubController {
  constructor(
    private readonly status: ScrubStatus,
    private readonly control: ScrubControl,
    private readonly repairs: RepairRequests,
  ) {}

  /** How far reading every object again is, and which objects are damaged. */
  @Get()
  @RequireScope('admin', 'platform')
  @ApiOkResponse({ type: ScrubStateDto })
  async state(@Query() query: PageQueryDto): Promise<ScrubStateDto> {
    const { status } = this;
    return presentScrub(status.config, await status.list(), await status.damaged(pageRequest(query, PAGES)));
  }

  /** Reads every object of one storage, or of all, again from now on. */
  @Post('run')
  @HttpCode(202)
  @RequireScope('admin', 'platform')
  @Audited('storage')
  @ApiAcceptedResponse({ type: ScrubStartedDto })
  async run(@Body() { storage }: StartScrubDto): Promise<ScrubStartedDto> {
    const storages = await this.control.start(storage ?? undefined);
    return { message: 'Stored objects are read again', storages };
  }

  /** Tries to repair a damaged object now. */
  @Post('artifacts/:id/repair')
  @HttpCode(202)
  @RequireScope('admin', 'platform')
  @Audited('storage')
  @ApiAcceptedResponse({ type: RepairStartedDto })
  async repair(@Param('id') id: string): Promise<RepairStartedDto> {
    if (!isUuid(id)) throw new InvalidInput('Invalid artifact ID');
    const artifact = await this.repairs.ask(id.toLowerCase());
    return { message: 'The repair is being tried', artifact: presentDamaged(artifact) };
  }
}
