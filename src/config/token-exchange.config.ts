import { MinLength } from 'class-validator';
import { Setting } from './setting.decorator.js';

const HOUR = 3_600_000;

/** The exchange of identity tokens of pipelines for short-lived keys (REST contract 30.5). */
export class TokenExchangeConfig {
  @Setting({
    key: 'auth.token_exchange.enabled',
    type: 'bool',
    description:
      'Whether identity tokens of pipelines are exchanged; does nothing without trusted publishers.',
  })
  readonly enabled: boolean = true;

  @Setting({
    key: 'auth.token_exchange.ttl',
    type: 'duration',
    min: 1000,
    max: HOUR,
    description: 'Life of the tokens made by it.',
  })
  readonly ttlMs: number = 900_000;

  @Setting({
    key: 'auth.token_exchange.audience',
    type: 'string',
    defaultText: 'the public URL',
    description:
      'Audience that an identity token must carry. Azure DevOps knows only api://AzureADTokenExchange.',
  })
  @MinLength(1, { message: 'expected a text' })
  readonly audience: string = 'http://localhost:8080';
}
