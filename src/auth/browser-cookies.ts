import type { SessionCookieValues } from './sessions.service.js';

/** What cookies are set on: `FastifyReply` fits. */
export interface BrowserReply {
  setCookie(name: string, value: string, options: object): unknown;
  clearCookie(name: string, options: object): unknown;
}

/** The cookies of a session, for the pages, which begin and end sessions too. */
export abstract class BrowserCookies {
  /** Gives the browser the cookies of a session. */
  abstract set(reply: BrowserReply, session: SessionCookieValues): void;

  /** Takes every cookie of this server away again. */
  abstract clear(reply: BrowserReply): void;
}
