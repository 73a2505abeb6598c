import { ApiProperty } from '@nestjs/swagger';

/** Tells a web client that development mode is on. */
export class DevStatusDto {
  @ApiProperty({ enum: [true] })
  dev_mode: true;
  message: string;
}

/** The user who was signed in. */
export class DevUserDto {
  id: string;
  email: string;
  name: string;
  oidc_sub: string | null;
  created_at: string;
  updated_at: string;
}

/** An access token of the administrator of development mode. */
export class DevLoginDto {
  /** Stands alone. */
  token: string;
  user: DevUserDto;
  /** Seconds. */
  @ApiProperty({ type: 'integer' })
  expires_in: number;
}

/** Somebody to impersonate. */
export class DevListedUserDto {
  id: string;
  email: string;
  name: string;
  /** Display name of the role with the most authority, or `No role`. */
  primary_role: string;
}

/** Whom to impersonate. */
export class DevUserListDto {
  users: DevListedUserDto[];
  @ApiProperty({ enum: [true] })
  dev_mode: true;
}

/** An access token of somebody else. */
export class DevImpersonationDto {
  token: string;
  user: DevUserDto;
  message: string;
}
