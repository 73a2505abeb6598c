import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { SetupTokens } from '../setup-token.service.js';

/** The part of a request that may carry the token. */
interface SetupRequest {
  readonly ip: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Lets a request through to a step of the setup only with the setup token. */
@Injectable()
export class SetupGuard implements CanActivate {
  constructor(private readonly tokens: SetupTokens) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { ip, headers } = context.switchToHttp().getRequest<SetupRequest>();
    const one = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);
    await this.tokens.check({
      authorization: one(headers['authorization']),
      header: one(headers['x-setup-token']),
      clientIp: ip,
    });
    return true;
  }
}
