import { Controller, Get, Logger, Query, Req, Res } from '@nestjs/common';
import { ApiFoundResponse, ApiOkResponse, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Open } from '../../access/route-access.decorator.js';
import { ServerConfig } from '../../config/server.config.js';
import { ChecksHost } from '../../platform/http/host-check.js';
import { RateLimit } from '../../platform/http/rate-limit.decorator.js';
import { BrowserToken } from '../browser-token.service.js';
import { LOGIN_COOKIE, readSessionCookie } from '../domain/session-cookie.js';
import { SignInFailed, UnknownProvider } from '../domain/sign-in.errors.js';
import type { ProviderId } from '../domain/sign-in-provider.js';
import { Frontend } from '../frontend.service.js';
import { OidcOffers } from '../oidc-offers.service.js';
import { OidcSignIn, SIGN_IN_SECONDS } from '../oidc-sign-in.service.js';
import { SessionCookies } from './session-cookies.js';
import { ProvidersDto } from './sign-in.dto.js';

/** Signing in with an identity provider (REST contract 9). Answers of the redirects are never kept by a cache. */
@ApiTags('Sign-in and session')
@ChecksHost()
@Controller('api/v1/auth')
export class SignInController {
  private readonly logger = new Logger('SignIn');

  constructor(
    private readonly signIn: OidcSignIn,
    private readonly offers: OidcOffers,
    private readonly frontend: Frontend,
    private readonly tokens: BrowserToken,
    private readonly cookies: SessionCookies,
    private readonly server: ServerConfig,
  ) {}

  /** Sends the browser to the identity provider. */
  @Get('login')
  @Open()
  @RateLimit('auth')
  @ApiQuery({ name: 'provider', required: false, enum: ['oidc', 'azuread'] })
  @ApiQuery({ name: 'return_to', required: false, type: String })
  @ApiFoundResponse()
  async login(
    @Res() reply: FastifyReply,
    @Query('provider') provider?: string,
    @Query('return_to') returnTo?: string,
  ): Promise<void> {
    const { url, cookie } = await this.signIn.start(providerOf(provider), returnTo);
    void reply.setCookie(LOGIN_COOKIE, cookie, { ...this.cookieOptions(), maxAge: SIGN_IN_SECONDS });
    await redirect(reply, url);
  }

  /** Where the identity provider sends the browser back to; goes on to the page of the browser side. */
  @Get('callback')
  @Open()
  @RateLimit('auth')
  @ApiQuery({ name: 'code', required: false, type: String })
  @ApiQuery({ name: 'state', required: false, type: String })
  @ApiQuery({ name: 'error', required: false, type: String })
  @ApiQuery({ name: 'error_description', required: false, type: String })
  @ApiFoundResponse()
  async callback(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const answer = new URLSearchParams(request.url.split('?').slice(1).join('?'));
    const page = `${await this.frontend.address()}/auth/callback`;
    void reply.clearCookie(LOGIN_COOKIE, this.cookieOptions());
    try {
      const started = await this.signIn.finish(answer, {
        signIn: request.cookies[LOGIN_COOKIE],
        session: readSessionCookie(request.headers.cookie),
      });
      const token = await this.tokens.of(started).catch((error: unknown) => {
        throw new SignInFailed('jwt_failed', error);
      });
      this.cookies.set(reply, started);
      await redirect(reply, token === undefined ? page : `${page}?${new URLSearchParams({ token })}`);
    } catch (error) {
      if (!(error instanceof SignInFailed)) throw error;
      if (error.reason === 'jwt_failed') this.logger.error('A session could not be created', error.cause);
      const told = new URLSearchParams({ error: error.reason, error_description: error.message });
      await redirect(reply, `${page}?${told}`);
    }
  }

  /** The ways to sign in. */
  @Get('providers')
  @Open()
  @ApiOkResponse({ type: ProvidersDto })
  async providers(): Promise<ProvidersDto> {
    const offers = await this.offers.list();
    return {
      providers: offers.map(({ id, displayName }) => ({ id, display_name: displayName })),
      anonymous_read: this.offers.isReadOpen,
      dev_login: this.offers.isDevelopment,
    };
  }

  private cookieOptions() {
    const secure = this.server.publicUrl.startsWith('https://');
    return { path: '/', sameSite: 'lax' as const, secure, httpOnly: true };
  }
}

function providerOf(name = 'oidc'): ProviderId {
  if (name !== 'oidc' && name !== 'azuread') throw new UnknownProvider();
  return name;
}

async function redirect(reply: FastifyReply, address: string): Promise<void> {
  await reply.header('cache-control', 'no-store').redirect(address, 302);
}
