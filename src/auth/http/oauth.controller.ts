import { Body, Controller, Header, HttpCode, Post } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../access/audited.decorator.js';
import { Open } from '../../access/route-access.decorator.js';
import { AcceptsForm } from '../../platform/http/form-body.js';
import { RateLimit } from '../../platform/http/rate-limit.decorator.js';
import { TerraformLogin, type TokenRequest } from '../terraform-login.service.js';
import { LoginTokenDto, LoginTokenFormDto } from './oauth.dto.js';

/** The token endpoint of `terraform login` (REST contract 6.5); the page before it belongs to `web/`. */
@ApiTags('Terraform protocols')
@Controller('api/v1/oauth')
export class OAuthController {
  constructor(private readonly login: TerraformLogin) {}

  /** Exchanges an authorization code for a token. Media type exactly `application/json`. */
  @Post('token')
  @HttpCode(200)
  @Open()
  @Audited('api_key')
  @RateLimit('auth')
  @AcceptsForm()
  @Header('content-type', 'application/json')
  @Header('cache-control', 'no-store')
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBody({ type: LoginTokenFormDto })
  @ApiOkResponse({ type: LoginTokenDto })
  async token(@Body() form: unknown): Promise<Buffer> {
    const { accessToken, expiresIn } = await this.login.redeem(fieldsOf(form));
    const answer: LoginTokenDto = { access_token: accessToken, token_type: 'bearer', expires_in: expiresIn };
    // As bytes, because a charset is added to text.
    return Buffer.from(JSON.stringify(answer));
  }
}

function fieldsOf(form: unknown): TokenRequest {
  return typeof form === 'object' && form !== null ? (form as TokenRequest) : {};
}
