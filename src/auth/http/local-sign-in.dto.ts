import { IsOptional, IsString } from 'class-validator';

/** Signing in with a password. */
export class LocalSignInDto {
  @IsString()
  email: string;

  @IsString()
  password: string;

  /** A path of this site to go on to, kept on the server. */
  @IsOptional()
  @IsString()
  return_to?: string;
}

/** A session that has begun. */
export class LocalSignedInDto {
  /** The session handle; good only together with the session cookie. */
  token: string;
  /** Whether everything but a change of the password is refused. */
  must_change_password: boolean;
}

/** Another password for the person who is signed in. */
export class ChangePasswordDto {
  @IsString()
  current_password: string;

  @IsString()
  new_password: string;
}

/** A password that somebody else chose, shown this once. */
export class TemporaryPasswordDto {
  temporary_password: string;
}
