import { ApiProperty } from '@nestjs/swagger';

/** The token request of a CLI (RFC 6749, 4.1.3). The service reads it, because its errors are those of RFC 6749. */
export class LoginTokenFormDto {
  @ApiProperty({ enum: ['authorization_code'] })
  grant_type: string;

  code: string;

  /** The same as in the authorization request. */
  redirect_uri: string;

  @ApiProperty({ enum: ['terraform-cli'] })
  client_id: string;

  /** Proof that the CLI made the authorization request (RFC 7636). */
  code_verifier: string;
}

/** An API key for the CLI. */
export class LoginTokenDto {
  access_token: string;
  @ApiProperty({ enum: ['bearer'] })
  token_type: string;
  /** Seconds; absent when the token does not end. */
  expires_in?: number;
}
