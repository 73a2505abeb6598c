import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength } from 'class-validator';
import { PaginationDto } from '../../platform/http/pagination.dto.js';
import { MirrorDto } from './mirrors-api.dto.js';

/** The part of a mirror that a run is for; empty: all of it. */
export class TriggerSyncDto {
  @IsOptional()
  @IsString()
  @MaxLength(64)
  @ApiProperty({ type: String, nullable: true, required: false })
  namespace?: string | null;

  /** The type of a provider; without a namespace in every namespace that the mirror wants. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  @ApiProperty({ type: String, nullable: true, required: false })
  provider_name?: string | null;
}

/** A run was asked for. */
export class SyncTriggeredDto {
  @ApiProperty({ enum: ['Sync triggered successfully'] })
  message!: string;
  sync_id!: string;
}

/** One run of a mirror (REST contract 4). */
export class MirrorSyncDto {
  id!: string;
  mirror_config_id!: string;
  @ApiProperty({ enum: ['scheduler', 'manual'] })
  triggered_by!: string;
  namespace?: string;
  provider_name?: string;
  started_at!: string;
  completed_at?: string;
  @ApiProperty({ enum: ['running', 'success', 'failed', 'cancelled'] })
  status!: string;
  cancel_requested!: boolean;
  /** Absent until the upstream has said which providers there are. */
  providers_planned?: number;
  /** Of the providers that were gone through so far. */
  packages_planned?: number;
  /** Stored or failed. */
  packages_done!: number;
  bytes_done!: number;
  providers_synced!: number;
  providers_failed!: number;
  error_message?: string;
  /** JSON text: what was stored, failed and left out. */
  sync_details?: string;
}

/** What became of one package in a run. */
export class MirrorSyncPackageDto {
  namespace!: string;
  provider_name!: string;
  version!: string;
  os!: string;
  arch!: string;
  @ApiProperty({ enum: ['stored', 'failed'] })
  outcome!: string;
  bytes!: number;
  error_code?: string;
  error_message?: string;
  created_at!: string;
}

/** One run, and a page of its packages in the order in which they were done. */
export class MirrorSyncDetailDto {
  sync!: MirrorSyncDto;
  packages!: MirrorSyncPackageDto[];
  pagination!: PaginationDto;
}

/** The runs of a mirror that are remembered, newest first, without their details. */
export class MirrorSyncListDto {
  syncs!: MirrorSyncDto[];
}

/** How a mirror is. */
export class MirrorStatusDto {
  mirror_config!: MirrorDto;
  current_sync?: MirrorSyncDto;
  /** At most ten, newest first. */
  recent_syncs!: MirrorSyncDto[];
  next_scheduled?: string;
}
