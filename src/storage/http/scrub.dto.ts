import { IsOptional, IsString, MaxLength } from 'class-validator';
import { PaginationDto } from '../../platform/http/pagination.dto.js';

/** Which storage is to be read again; all of them unless it is named. */
export class StartScrubDto {
  /** As `storage` in the state of the scrub. */
  @IsOptional()
  @IsString()
  @MaxLength(255)
  storage?: string | null;
}

/** How far reading one storage again is. */
export class ScrubbedStorageDto {
  storage: string;
  /** `waiting`: `problem` says what hinders the cycle. */
  state: 'idle' | 'running' | 'waiting';
  problem: string | null;
  retry_at: string | null;
  cycle_started_at: string | null;
  /** `null` while the cycle is under way. */
  cycle_ended_at: string | null;
  last_full_cycle_at: string | null;
  /** Objects that the cycle has read. */
  objects_checked: number;
  bytes_checked: number;
  /** Objects that it has yet to read. */
  objects_due: number;
  /** Objects that it newly found to be damaged. */
  objects_found_damaged: number;
  objects_repaired: number;
  /** All objects of the storage that something may refer to. */
  objects_total: number;
  /** Those that are damaged now. */
  objects_damaged: number;
  /** Those that could not be read lately, although the storage works. */
  objects_unread: number;
  /** When the object was read that was read longest ago; the upload counts. */
  oldest_verification_at: string | null;
}

/** A stored object whose bytes are wrong or gone. */
export class DamagedArtifactDto {
  id: string;
  storage: string;
  key: string;
  sha256: string;
  size_bytes: number;
  damage: 'missing' | 'wrong-size' | 'wrong-digest' | 'unreadable' | 'failed-check';
  /** What that means. */
  message: string;
  damaged_at: string;
  repair_tried_at: string | null;
  /** How the latest attempt ended; `null` when none was made since the repair was asked for. */
  repair_result:
    'no-source' | 'source-unavailable' | 'storage-unavailable' | 'busy' | 'not-repairable' | null;
  /** What that means, and what to do. */
  repair_message: string | null;
}

/** The state of the scrub of all storages. */
export class ScrubStateDto {
  enabled: boolean;
  /** No object stays unread for longer; 0: only when somebody asks for it. */
  interval_seconds: number;
  max_bytes_per_second: number;
  storages: ScrubbedStorageDto[];
  damaged: DamagedArtifactDto[];
  /** Of `damaged`. */
  pagination: PaginationDto;
}

/** Which storages are read again from now on. */
export class ScrubStartedDto {
  message: string;
  storages: string[];
}

/** A repair that is about to be tried. */
export class RepairStartedDto {
  message: string;
  artifact: DamagedArtifactDto;
}
