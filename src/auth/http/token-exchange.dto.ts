import { ApiProperty } from '@nestjs/swagger';

/** A request for an exchange in the form of RFC 8693. The service reads it, because its errors are those of RFC 6749. */
export class TokenExchangeFormDto {
  @ApiProperty({ enum: ['urn:ietf:params:oauth:grant-type:token-exchange'] })
  grant_type: string;

  /** The identity token of the pipeline. */
  subject_token: string;

  @ApiProperty({ enum: ['urn:ietf:params:oauth:token-type:id_token'] })
  subject_token_type: string;

  /** Scopes of the publisher, separated by spaces; all of them when absent. */
  scope?: string;

  /** Id or name of the organization, for a pipeline that several organizations trust. */
  audience?: string;
}

/** A key for the namespaces of the publisher. */
export class ExchangedTokenDto {
  access_token: string;
  @ApiProperty({ enum: ['urn:ietf:params:oauth:token-type:access_token'] })
  issued_token_type: string;
  @ApiProperty({ enum: ['Bearer'] })
  token_type: string;
  /** Seconds. */
  expires_in: number;
  scope: string;
}
