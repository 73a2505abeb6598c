import type { BackendSettings } from './backend-settings.js';

const AZURE =
  /\.blob\.(?:core\.windows\.net|core\.usgovcloudapi\.net|core\.chinacloudapi\.cn|storage\.azure\.net)$/;
const AWS = /\.amazonaws\.com(?:\.cn)?$/;
const GOOGLE = /\.googleapis\.com$/;

/**
 * Whether a storage would be shown what the server itself has: tokens of the identity that its platform gives it, or
 * of a file on its disk. Keys that only sign requests are not shown; what is in the settings is not the server's.
 */
function showsOwnIdentity(settings: BackendSettings): boolean {
  switch (settings.type) {
    case 'local':
      return false;
    case 'azure':
      return settings.authMethod !== 'key';
    case 's3':
      return settings.authMethod === 'oidc';
    case 'gcs':
      return settings.authMethod !== 'service_account' || settings.credentialsJson === undefined;
  }
}

/** Whether the endpoint may see the identity of the server: that of the vendor may, over https. */
export function isIdentitySafe(settings: BackendSettings): boolean {
  if (settings.type === 'local' || settings.endpoint === undefined || !showsOwnIdentity(settings))
    return true;
  const { protocol, hostname } = new URL(settings.endpoint);
  const vendor = { azure: AZURE, s3: AWS, gcs: GOOGLE }[settings.type];
  return protocol === 'https:' && vendor.test(hostname);
}
