import { IsIn, IsOptional, IsString, Matches, MaxLength } from 'class-validator';

const SAYS_SOMETHING = { message: 'reason must say why: it is shown to those who ask for the version' };

/** Why a version is quarantined; shown to everybody who asks for it. */
export class QuarantineVersionDto {
  @IsString()
  @MaxLength(2000)
  @Matches(/\S/, SAYS_SOMETHING)
  reason: string;
}

/** Why a version is withdrawn, and what becomes of its download. */
export class WithdrawVersionDto extends QuarantineVersionDto {
  /** `hide`: whoever asks for exactly this version still gets it; `refuse`: nobody does, they read the reason. */
  @IsOptional()
  @IsIn(['hide', 'refuse'])
  mode?: 'hide' | 'refuse';
}

/** The state that a version has after a change. */
export class VersionStateDto {
  message: string;
  state: 'active' | 'withdrawn' | 'quarantined' | 'deleted';
}
