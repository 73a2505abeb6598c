import { Body, Controller, Get, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited, NotAudited } from '../../access/audited.decorator.js';
import { Open, SetupToken } from '../../access/route-access.decorator.js';
import { StorageInputDto } from '../../storage/storage-configuration.dto.js';
import { presentStorage } from '../../storage/storage-configuration.presenter.js';
import { SetupStorage } from '../setup-storage.service.js';
import { Setup } from '../setup.service.js';
import { SetupGuard } from './setup.guard.js';
import {
  SetupAdminDoneDto,
  SetupAdminDto,
  SetupCompletedDto,
  SetupOidcConfigDto,
  SetupOidcDto,
  SetupStatusDto,
  SetupStorageDoneDto,
  SetupTestDto,
  SetupTokenValidDto,
} from './setup.dto.js';
import { identityInput, presentIdentity, presentStatus } from './setup.presenter.js';

/** The first-run setup (REST contract 11): every step but `status` needs the one-time token. */
@ApiTags('Setup')
@Controller('api/v1/setup')
export class SetupApiController {
  constructor(
    private readonly setup: Setup,
    private readonly storage: SetupStorage,
  ) {}

  /** How far the setup is. */
  @Get('status')
  @Open()
  @ApiOkResponse({ type: SetupStatusDto })
  async status(): Promise<SetupStatusDto> {
    return presentStatus(await this.setup.status());
  }

  /** Whether the token is the right one. */
  @Post('validate-token')
  @HttpCode(200)
  @SetupToken()
  @UseGuards(SetupGuard)
  @NotAudited('changes nothing')
  @ApiOkResponse({ type: SetupTokenValidDto })
  validateToken(): SetupTokenValidDto {
    return { valid: true, message: 'The setup token is valid' };
  }

  /** Asks an identity provider for its discovery document. */
  @Post('oidc/test')
  @HttpCode(200)
  @SetupToken()
  @UseGuards(SetupGuard)
  @NotAudited('changes nothing')
  @ApiOkResponse({ type: SetupTestDto })
  testOidc(@Body() body: SetupOidcDto): Promise<SetupTestDto> {
    return this.setup.testSignIn(identityInput(body));
  }

  /** Stores an identity provider and makes it the active one. */
  @Post('oidc')
  @HttpCode(200)
  @SetupToken()
  @UseGuards(SetupGuard)
  @Audited('setup')
  @ApiOkResponse({ type: SetupOidcConfigDto })
  async configureOidc(@Body() body: SetupOidcDto): Promise<SetupOidcConfigDto> {
    return presentIdentity(await this.setup.configureSignIn(identityInput(body)));
  }

  /** Writes, reads, lists and deletes an object in a storage. */
  @Post('storage/test')
  @HttpCode(200)
  @SetupToken()
  @UseGuards(SetupGuard)
  @NotAudited('changes nothing')
  @ApiOkResponse({ type: SetupTestDto })
  testStorage(@Body() body: StorageInputDto): Promise<SetupTestDto> {
    return this.storage.test(body);
  }

  /** Tests a storage, stores its configuration and makes it the active one. */
  @Post('storage')
  @HttpCode(200)
  @SetupToken()
  @UseGuards(SetupGuard)
  @Audited('setup')
  @ApiOkResponse({ type: SetupStorageDoneDto })
  async configureStorage(@Body() body: StorageInputDto): Promise<SetupStorageDoneDto> {
    const config = presentStorage(await this.storage.configure(body));
    return { message: 'Storage configured', config };
  }

  /** Appoints the first administrator, with a password as a local account. */
  @Post('admin')
  @HttpCode(200)
  @SetupToken()
  @UseGuards(SetupGuard)
  @Audited('setup')
  @ApiOkResponse({ type: SetupAdminDoneDto })
  async appointAdmin(@Body() { email, name, password }: SetupAdminDto): Promise<SetupAdminDoneDto> {
    const appointed = await this.setup.appointAdministrator(email, name, password);
    return { message: 'Administrator configured', ...appointed, role: 'Administrator' };
  }

  /** Ends the setup for good. */
  @Post('complete')
  @HttpCode(200)
  @SetupToken()
  @UseGuards(SetupGuard)
  @Audited('setup')
  @ApiOkResponse({ type: SetupCompletedDto })
  async complete(): Promise<SetupCompletedDto> {
    await this.setup.complete();
    return { message: 'Setup completed', setup_completed: true };
  }
}
