import { ApiProperty } from '@nestjs/swagger';

/** A renewed session or access token. */
export class RefreshedDto {
  /** The new session handle, or the new access token. */
  token: string;
  /** Seconds. */
  @ApiProperty({ type: 'integer' })
  expires_in: number;
}
