import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsOptional } from 'class-validator';
import { StorageConfigDto, StorageInputDto } from '../storage-configuration.dto.js';

/** A configuration to be added. */
export class AddStorageDto extends StorageInputDto {
  /** Whether it takes new objects from now on. */
  @IsOptional()
  @IsBoolean({ message: 'activate must be true or false' })
  @ApiPropertyOptional({ default: true })
  activate?: boolean | null;
}

/** A configuration that takes new objects from now on. */
export class StorageActivatedDto {
  @ApiProperty({ enum: ['storage configuration activated'] })
  message!: 'storage configuration activated';
  config!: StorageConfigDto;
}

/** A configuration was deleted. */
export class StorageDeletedDto {
  message!: string;
}

/** A storage passed its test. */
export class StorageTestedDto {
  @ApiProperty({ enum: [true] })
  success!: true;
  message!: string;
}
