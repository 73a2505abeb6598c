import { Matches } from 'class-validator';
import { Setting } from './setting.decorator.js';

const DAY = 86_400_000;

/** `terraform login` and `tofu login`. */
export class LoginConfig {
  @Setting({
    key: 'auth.login.enabled',
    type: 'bool',
    defaultText: 'true when a sign-in provider or a local account exists',
    description: 'Offers login.v1, so that terraform login and tofu login work.',
  })
  readonly enabled?: boolean;

  @Setting({
    key: 'auth.login.token_ttl',
    type: 'duration',
    min: 0,
    max: 3650 * DAY,
    description: 'Life of the tokens made by it; 0 means that they do not end.',
  })
  readonly tokenTtlMs: number = 90 * DAY;

  @Setting({
    key: 'auth.login.scopes',
    type: 'list',
    description: 'Scopes of these tokens, cut to those that the user holds.',
  })
  @Matches(/^(?:admin|[a-z_]+:(?:read|write|manage))$/, {
    each: true,
    message: 'expected names of scopes such as modules:read',
  })
  readonly scopes: string[] = ['modules:read', 'providers:read'];
}
