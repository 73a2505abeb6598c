import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited, NotAudited } from '../../access/audited.decorator.js';
import { CurrentPrincipal } from '../../access/current-principal.decorator.js';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { RequireScope } from '../../access/route-access.decorator.js';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { isUuid } from '../../kernel/uuid.js';
import { StorageConfigDto, StorageInputDto } from '../storage-configuration.dto.js';
import { presentStorage } from '../storage-configuration.presenter.js';
import { StorageConfigurations } from '../storage-configurations.service.js';
import { AddStorageDto, StorageActivatedDto, StorageDeletedDto, StorageTestedDto } from './storage.dto.js';

/** Where objects are kept (REST contract 25), for platform administrators. */
@ApiTags('Storage')
@Controller('api/v1/storage')
export class StorageApiController {
  constructor(private readonly configurations: StorageConfigurations) {}

  /** The stored configuration that takes new objects; 404 while that of file and environment does. */
  @Get('config')
  @RequireScope('admin', 'platform')
  @ApiOkResponse({ type: StorageConfigDto })
  async active(): Promise<StorageConfigDto> {
    return presentStorage(await this.configurations.active());
  }

  /** Every stored configuration, the active one first, then the newest. */
  @Get('configs')
  @RequireScope('admin', 'platform')
  @ApiOkResponse({ type: [StorageConfigDto] })
  async list(): Promise<StorageConfigDto[]> {
    return (await this.configurations.list()).map(presentStorage);
  }

  /** Tests a configuration, stores it, and activates it unless `activate` is false. */
  @Post('configs')
  @RequireScope('admin', 'platform')
  @Audited('storage')
  @ApiCreatedResponse({ type: StorageConfigDto })
  async add(
    @Body() body: AddStorageDto,
    @CurrentPrincipal() { userId }: IdentifiedPrincipal,
  ): Promise<StorageConfigDto> {
    const how = { isActive: body.activate ?? true, createdBy: userId };
    return presentStorage(await this.configurations.add(body, how));
  }

  /** Writes, reads, lists and deletes an object with a configuration that is not stored. */
  @Post('configs/test')
  @HttpCode(200)
  @RequireScope('admin', 'platform')
  @NotAudited('changes nothing')
  @ApiOkResponse({ type: StorageTestedDto })
  async test(@Body() body: StorageInputDto): Promise<StorageTestedDto> {
    await this.configurations.test(body);
    return { success: true, message: 'The storage can be written, read, listed and deleted from' };
  }

  /** One stored configuration. */
  @Get('configs/:id')
  @RequireScope('admin', 'platform')
  @ApiOkResponse({ type: StorageConfigDto })
  async find(@Param('id') id: string): Promise<StorageConfigDto> {
    return presentStorage(await this.configurations.find(idIn(id)));
  }

  /** Changes a configuration; absent fields and empty secrets stay as they are. */
  @Put('configs/:id')
  @RequireScope('admin', 'platform')
  @Audited('storage')
  @ApiOkResponse({ type: StorageConfigDto })
  async change(@Param('id') id: string, @Body() body: StorageInputDto): Promise<StorageConfigDto> {
    return presentStorage(await this.configurations.change(idIn(id), body));
  }

  /** Deletes a configuration that is not active and with which no objects are kept. */
  @Delete('configs/:id')
  @RequireScope('admin', 'platform')
  @Audited('storage')
  @ApiOkResponse({ type: StorageDeletedDto })
  async remove(@Param('id') id: string): Promise<StorageDeletedDto> {
    await this.configurations.remove(idIn(id));
    return { message: 'storage configuration deleted' };
  }

  /** Tests a configuration and lets it take new objects from now on, in every process. */
  @Post('configs/:id/activate')
  @HttpCode(200)
  @RequireScope('admin', 'platform')
  @Audited('storage')
  @ApiOkResponse({ type: StorageActivatedDto })
  async activate(@Param('id') id: string): Promise<StorageActivatedDto> {
    const config = presentStorage(await this.configurations.activate(idIn(id)));
    return { message: 'storage configuration activated', config };
  }
}

function idIn(id: string): string {
  if (!isUuid(id)) throw new InvalidInput('invalid configuration ID');
  return id.toLowerCase();
}
