import { Setting } from './setting.decorator.js';

const MINUTE = 60_000;
const DAY = 86_400_000;

/** What a browser gets after sign-in, and how long that is good for. */
export class SessionConfig {
  @Setting({
    key: 'auth.session.browser_token',
    type: 'string',
    values: ['handle', 'none', 'jwt'],
    description:
      'What the address after sign-in carries: a handle that needs the cookie, nothing, or an access token.',
  })
  readonly browserToken: 'handle' | 'none' | 'jwt' = 'handle';

  @Setting({
    key: 'auth.session.ttl',
    type: 'duration',
    min: 5 * MINUTE,
    max: 90 * DAY,
    description: 'Longest session without renewal.',
  })
  readonly ttlMs: number = DAY;

  @Setting({
    key: 'auth.session.idle_ttl',
    type: 'duration',
    min: 5 * MINUTE,
    max: 90 * DAY,
    description: 'A session that is not used for this long ends.',
  })
  readonly idleTtlMs: number = 8 * 3_600_000;
}
