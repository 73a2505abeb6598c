import { IsBoolean, IsOptional, IsString, MaxLength, MinLength } from 'class-validator';
import { PaginationDto } from '../../platform/http/pagination.dto.js';

/** A migration to plan or to start. */
export class StartStorageMigrationDto {
  /** Where the objects are: the id of a storage configuration, or a backend of the file (`local`, `azure`, `s3`, `gcs`). */
  @IsString()
  @MinLength(1)
  @MaxLength(64)
  source: string;

  /** Where they go, named like `source`. */
  @IsString()
  @MinLength(1)
  @MaxLength(64)
  target: string;

  /** `true`: says what would be moved, and does nothing. `false` unless sent. */
  @IsOptional()
  @IsBoolean()
  dry_run?: boolean;

  /** Whether each object is read again from the target before the source lets it go. `true` unless sent. */
  @IsOptional()
  @IsBoolean()
  verify?: boolean;
}

/** A number of objects and their bytes. */
export class ObjectCountDto {
  objects: number;
  bytes: number;
}

/** What a migration would do now. */
export class StorageMigrationPlanDto {
  dry_run: true;
  source: string;
  target: string;
  /** What is in use in the source. */
  to_move: ObjectCountDto;
  /** The part of it that the target has already. */
  in_target: ObjectCountDto;
}

/** How far a migration is. */
export class StorageMigrationDto {
  id: string;
  source: string;
  target: string;
  state: 'planned' | 'running' | 'paused' | 'verifying' | 'completed' | 'failed' | 'cancelled';
  verify: boolean;
  /** What was to be moved, as counted last. */
  total: ObjectCountDto;
  copied: ObjectCountDto;
  /** Read again from the target, and intact; `POST …/verify` begins with zero. */
  verified: ObjectCountDto;
  /** Measured a moment ago. */
  bytes_per_second: number;
  /** The process that works on it. */
  worker: string | null;
  /** While a storage does not answer: when it is tried again. */
  waiting_until: string | null;
  last_error: string | null;
  created_by: string | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
}

/** An object that could not be moved so far, or is damaged in the target. */
export class StorageMigrationErrorDto {
  key: string;
  phase: 'copy' | 'verify';
  reason: string;
  message: string;
  attempts: number;
  /** `null`: when somebody resumes the migration. */
  next_attempt_at: string | null;
  failed_at: string;
}

/** A migration with what is counted when somebody asks. */
export class StorageMigrationDetailDto extends StorageMigrationDto {
  /** Objects with an error that was not got over. */
  failed: number;
  /** The latest of them. */
  errors: StorageMigrationErrorDto[];
  /** In use in the source: to be moved. */
  in_source: ObjectCountDto;
  /** In the source without use: the sweep removes it. */
  left_to_sweep: ObjectCountDto;
  /** In use in the target. */
  in_target: ObjectCountDto;
}

/** Migrations, newest first. */
export class StorageMigrationListDto {
  migrations: StorageMigrationDto[];
  pagination: PaginationDto;
}
