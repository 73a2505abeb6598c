import { Setting } from './setting.decorator.js';

/** Rules for publishers and the key with which the registry signs on their behalf. */
export class PublishingConfig {
  @Setting({
    key: 'publishing.allow_republish',
    type: 'bool',
    description: 'A deleted version number may be used again with other bytes by the same organization.',
  })
  readonly allowRepublish: boolean = false;

  @Setting({
    key: 'publishing.require_provider_signature',
    type: 'bool',
    description: 'Refuse providers without a publisher signature.',
  })
  readonly requireProviderSignature: boolean = false;

  @Setting({
    key: 'publishing.version_check',
    type: 'string',
    values: ['off', 'warn', 'refuse'],
    description:
      'Whether the number of a module version must say what changed since the version before: warn answers with warnings, refuse with 409.',
  })
  readonly versionCheck: 'off' | 'warn' | 'refuse' = 'off';

  @Setting({
    key: 'publishing.signing_key',
    type: 'secret',
    defaultText: 'generated at the first start, stored encrypted',
    description: 'Armored private key with which the registry signs checksum documents.',
  })
  readonly signingKey?: string;

  @Setting({
    key: 'publishing.signing_key_passphrase',
    type: 'secret',
    description: 'Passphrase of that key.',
  })
  readonly signingKeyPassphrase?: string;
}
