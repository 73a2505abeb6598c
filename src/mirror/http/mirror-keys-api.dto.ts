import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsOptional, IsString, MaxLength } from 'class-validator';
import { PaginationDto } from '../../platform/http/pagination.dto.js';

/** A public key to pin for a mirror. */
export class PinMirrorKeyDto {
  /** The namespace whose releases the key may sign; empty or `*`: every namespace of the mirror. */
  @IsString()
  @MaxLength(64)
  namespace: string;

  /** ASCII-armored public key, as `gpg --armor --export` prints it. */
  @IsString()
  @MaxLength(131_072)
  ascii_armor: string;
}

/** How a key is revoked. */
export class RevokeMirrorKeyDto {
  /** Whether what the key signed is held back: it is quarantined, and served to nobody. */
  @IsOptional()
  @IsBoolean()
  hold_back?: boolean = true;
}

/** A key that signed what a mirror met, or that was pinned for it. */
export class MirrorKeyDto {
  id: string;
  /** `*`: every namespace of the mirror. */
  namespace: string;
  /** 40 upper-case hexadecimal digits. */
  fingerprint: string;
  /** The last 16 digits of the fingerprint. */
  key_id: string;
  /** For people, e.g. `RSA 4096`. */
  algorithm: string;
  /** When the key ends by itself; `null`: never. */
  expires_at: string | null;
  ascii_armor: string;
  /** `seen`: waits for a decision; `pinned`: counts, and shuts other keys of the namespace out; `revoked`: never counts. */
  state: 'seen' | 'pinned' | 'revoked';
  source: 'upstream' | 'administrator';
  /** Who pinned or revoked it; `null`: nobody yet, or the mirror itself at first use. */
  decided_by_name: string | null;
  decided_at: string | null;
  first_seen_at: string;
}

/** A key that was revoked. */
export class RevokedMirrorKeyDto extends MirrorKeyDto {
  /** Versions that were quarantined now because the key signed them. */
  held_back_versions: number;
}

/** What is served again. */
export class RestoredMirrorVersionsDto {
  message: string;
  restored_versions: number;
}

/** A version that is here and that a key signed. */
export class SignedVersionDto {
  namespace: string;
  provider_name: string;
  version: string;
  /** `quarantined`: held back. */
  @ApiProperty({ enum: ['active', 'withdrawn', 'quarantined'] })
  state: string;
  /** Why it is not active. */
  state_reason: string | null;
}

/** What a key signed, by address and version. */
export class SignedVersionListDto {
  versions: SignedVersionDto[];
  pagination: PaginationDto;
}

/** All keys of a mirror. */
export class MirrorKeyListDto {
  keys: MirrorKeyDto[];
}
