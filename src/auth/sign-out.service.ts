import { Injectable, Logger } from '@nestjs/common';
import { SecurityConfig } from '../config/security.config.js';
import { ServerConfig } from '../config/server.config.js';
import type { Session } from './domain/session.js';
import { Frontend } from './frontend.service.js';
import { EndSessionUrl } from './ports/end-session-url.js';
import { Sessions } from './sessions.service.js';

/** Ends sessions on behalf of the browser that holds them, and says where it goes then (REST contract 9.2). */
@Injectable()
export class SignOut {
  private readonly logger = new Logger('SignOut');
  private readonly origins: ReadonlySet<string>;

  constructor(
    private readonly sessions: Sessions,
    private readonly provider: EndSessionUrl,
    private readonly frontend: Frontend,
    { publicUrl }: ServerConfig,
    { corsAllowedOrigins }: SecurityConfig,
  ) {
    this.origins = new Set([new URL(publicUrl).origin, ...corsAllowedOrigins]);
  }

  /** The first page of the browser side. */
  async home(): Promise<string> {
    return `${await this.frontend.address()}/`;
  }

  /**
   * Ends `session` and gives the address to go to: signing out of the identity provider where that is possible, else
   * `wanted` when it is of the public or a configured origin, else the first page.
   */
  async leave(session: Session | undefined, wanted: string | undefined): Promise<string> {
    const returnTo = this.isOwn(wanted) ? wanted : await this.home();
    if (session === undefined) return returnTo;
    const { id, method, identityId } = session;
    const idToken = await this.sessions.idTokenOf(id).catch((error: unknown) => this.warn(error));
    await this.sessions.end(id);
    const address = await this.provider
      .of({ method, identityId, idToken }, returnTo)
      .catch((error: unknown) => this.warn(error));
    return address ?? returnTo;
  }

  private isOwn(address: string | undefined): address is string {
    if (address === undefined || !URL.canParse(address)) return false;
    const { origin, username, password } = new URL(address);
    return origin !== 'null' && username === '' && password === '' && this.origins.has(origin);
  }

  /** The session ends in any case; the provider is told where it can be. */
  private warn(error: unknown): undefined {
    const reason = error instanceof Error ? error.message : String(error);
    this.logger.warn(`The identity provider cannot be told of a sign-out: ${reason}`);
    return undefined;
  }
}
