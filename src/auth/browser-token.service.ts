import { Injectable } from '@nestjs/common';
import { SessionConfig } from '../config/session.config.js';
import { AccessTokens } from './access-tokens.service.js';
import type { StartedSession } from './sessions.service.js';

/** What the web client is told after sign-in (`auth.session.browser_token`, REST contract 9.1). */
@Injectable()
export class BrowserToken {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly config: SessionConfig,
  ) {}

  /** The `token` that belongs to a session that has just begun; `undefined` where none is told. */
  async of({ id, handle }: Pick<StartedSession, 'id' | 'handle'>): Promise<string | undefined> {
    switch (this.config.browserToken) {
      case 'handle':
        return handle;
      case 'none':
        return undefined;
      case 'jwt':
        return (await this.tokens.issue(id)).token;
    }
  }
}
