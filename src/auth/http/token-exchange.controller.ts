import { Body, Controller, Header, HttpCode, Post } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../access/audited.decorator.js';
import { Open } from '../../access/route-access.decorator.js';
import { AcceptsForm } from '../../platform/http/form-body.js';
import { RateLimit } from '../../platform/http/rate-limit.decorator.js';
import { ACCESS_TOKEN_TYPE } from '../domain/exchange-request.js';
import { TokenExchange } from '../token-exchange.service.js';
import { ExchangedTokenDto, TokenExchangeFormDto } from './token-exchange.dto.js';

/** Keys for pipelines without stored secrets (REST contract 30.5). */
@ApiTags('Sign-in and session')
@Controller('api/v1/auth/token-exchange')
export class TokenExchangeController {
  constructor(private readonly exchange: TokenExchange) {}

  /** Exchanges the identity token of a pipeline for a short-lived key. */
  @Post()
  @HttpCode(200)
  @Open()
  @Audited('api_key')
  @RateLimit('auth')
  @AcceptsForm()
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({ type: TokenExchangeFormDto })
  @Header('Cache-Control', 'no-store')
  @ApiOkResponse({ type: ExchangedTokenDto })
  async exchangeToken(@Body() form: unknown): Promise<ExchangedTokenDto> {
    const { accessToken, expiresInSeconds, scopes } = await this.exchange.exchange(form);
    return {
      access_token: accessToken,
      issued_token_type: ACCESS_TOKEN_TYPE,
      token_type: 'Bearer',
      expires_in: expiresInSeconds,
      scope: scopes.join(' '),
    };
  }
}
