import { IsBoolean, IsOptional, IsString, MaxLength, MinLength } from 'class-validator';

/** A public key to register for a namespace. */
export class AddSigningKeyDto {
  /** ASCII-armored public key, as `gpg --armor --export` prints it. */
  @IsString()
  @MaxLength(131_072)
  ascii_armor: string;
}

/** Why a key stops counting. */
export class RevokeSigningKeyDto {
  @IsString()
  @MinLength(1)
  @MaxLength(2000)
  reason: string;

  /** Whether somebody else may have signed with it; the versions it signed are quarantined then. */
  @IsOptional()
  @IsBoolean()
  compromised?: boolean;
}

/** A signing key of a namespace. */
export class SigningKeyDto {
  id: string;
  fingerprint: string;
  key_id: string;
  ascii_armor: string;
  state: 'active' | 'expired' | 'revoked';
  created_at: string;
}

/** All signing keys of a namespace. */
export class SigningKeyListDto {
  keys: SigningKeyDto[];
}
