import { Setting } from './setting.decorator.js';

/** The first-run setup, with or without the wizard. */
export class SetupConfig {
  @Setting({
    key: 'setup.admin_email',
    type: 'string',
    description:
      'First administrator without the wizard; together with a way to sign in it completes the setup at start.',
  })
  readonly adminEmail: string | undefined = undefined;

  @Setting({
    key: 'setup.admin_password',
    type: 'secret',
    description:
      'Makes that administrator a local account; without it a sign-in provider must be configured.',
  })
  readonly adminPassword: string | undefined = undefined;

  @Setting({
    key: 'setup.token_ttl',
    type: 'duration',
    min: 0,
    max: 365 * 86_400_000,
    description: 'A setup token that was not used in this time is replaced at the next start (0 = never).',
  })
  readonly tokenTtlMs: number = 86_400_000;

  @Setting({
    env: 'SETUP_TOKEN_FILE',
    type: 'path',
    description: 'File to which the setup token is written as well (mode 0600).',
  })
  readonly tokenFile: string | undefined = undefined;
}
