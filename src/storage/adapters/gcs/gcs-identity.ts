import {
  type AuthClient,
  AwsClient,
  type AwsClientOptions,
  BaseExternalAccountClient,
  Compute,
  type gaxios,
  GoogleAuth,
  IdentityPoolClient,
  type IdentityPoolClientOptions,
  JWT,
  PassThroughClient,
  UserRefreshClient,
} from 'google-auth-library';
import { createPrivateKey } from 'node:crypto';
import type { GcsSettings } from '../../domain/backend-settings.js';
import type { ObjectStoreConnections } from '../../object-store-connections.js';
import { assertExternalAccount, type GcsKeyFile, readKeyFile, unusable } from './gcs-key-file.js';
import { guardedClient } from './gcs-transport.js';

/** To read and write objects, and to have URLs signed by Google where there is no private key. */
const SCOPES = [
  'https://www.googleapis.com/auth/devstorage.read_write',
  'https://www.googleapis.com/auth/iam',
];
/** Objects belong to no project; without a name the library would look for one, also by running `gcloud`. */
const NO_PROJECT = 'unknown';
const TOKEN_TIMEOUT_MS = 15_000;
/** Where the library asks for tokens of a service account, whatever its file says. */
const GOOGLE_TOKEN_URL = 'https://oauth2.googleapis.com/token';
const NO_CREDENTIALS = /Could not load the default credentials/;

/** Who the server is for Google. */
export interface GcsIdentity {
  readonly auth: GoogleAuth;
  /** Whether URLs can be signed: with a private key, or by Google for an account that the server may use. */
  readonly signs: boolean;
  /** Where Google signs; its public service unless given. */
  readonly signingEndpoint?: string;
}

/** Parts of clients that open connections of their own. */
interface ClientParts {
  stsCredential?: { transporter: gaxios.Gaxios };
  sourceClient?: { transporter: gaxios.Gaxios };
}

/**
 * The identity that the settings describe. Every connection goes over `connections`, except those to the metadata
 * server of the machine, whose address no setting names. Throws `ObjectStoreRejected` (`settings`) for credentials that
 * cannot be used.
 */
export async function openIdentity(
  settings: GcsSettings,
  connections: ObjectStoreConnections,
): Promise<GcsIdentity> {
  const hasKeyFile = settings.credentialsJson !== undefined || settings.credentialsFile !== undefined;
  switch (settings.authMethod) {
    case 'service_account':
      return serviceAccount(settings, connections);
    case 'workload_identity':
      return hasKeyFile ? externalAccount(settings, connections) : machineAccount(settings, connections);
    default:
      return whatTheMachineOffers(settings, connections);
  }
}

async function serviceAccount(
  settings: GcsSettings,
  connections: ObjectStoreConnections,
): Promise<GcsIdentity> {
  const key = await readKeyFile(settings);
  if (key.type !== 'service_account' || !key.client_email || !isPrivateKey(key.private_key)) {
    throw unusable('not those of a service account');
  }
  const client = new JWT({
    email: key.client_email,
    key: key.private_key,
    keyId: key.private_key_id,
    quotaProjectId: key.quota_project_id,
    scopes: SCOPES,
    useAuthRequestParameters: false,
  });
  const auth = authOf(client, settings);
  auth.jsonContent = key;
  return identityOf(auth, client, connections);
}

async function externalAccount(
  settings: GcsSettings,
  connections: ObjectStoreConnections,
): Promise<GcsIdentity> {
  const key = await readKeyFile(settings);
  assertExternalAccount(key, settings);
  const transporter = guardedClient(connections, TOKEN_TIMEOUT_MS);
  const options = { ...key, scopes: SCOPES, transporter, useAuthRequestParameters: false };
  const client = key.credential_source?.environment_id
    ? new AwsClient(options as unknown as AwsClientOptions)
    : new IdentityPoolClient(options as unknown as IdentityPoolClientOptions);
  return identityOf(authOf(client, settings), client, connections, key);
}

function machineAccount(settings: GcsSettings, connections: ObjectStoreConnections): GcsIdentity {
  const client = new Compute({ scopes: SCOPES, useAuthRequestParameters: false });
  return identityOf(authOf(client, settings), client, connections);
}

/** Application default credentials; with an endpoint of one's own, none at all are those of an emulator. */
async function whatTheMachineOffers(
  settings: GcsSettings,
  connections: ObjectStoreConnections,
): Promise<GcsIdentity> {
  const transporter = guardedClient(connections, TOKEN_TIMEOUT_MS);
  const auth = new GoogleAuth({
    scopes: SCOPES,
    projectId: settings.projectId ?? NO_PROJECT,
    clientOptions: { transporter, useAuthRequestParameters: false },
  });
  try {
    return identityOf(auth, await auth.getClient(), connections);
  } catch (error) {
    if (!NO_CREDENTIALS.test((error as Error).message)) throw error;
    if (settings.endpoint === undefined) throw unusable('none are offered by this machine');
    const client = new PassThroughClient();
    return identityOf(authOf(client, settings), client, connections);
  }
}

function authOf(client: AuthClient, settings: GcsSettings): GoogleAuth {
  return new GoogleAuth({ authClient: client, projectId: settings.projectId ?? NO_PROJECT });
}

/** Makes every part of the client use the connections of the server, and the address for tokens that its file names. */
function identityOf(
  auth: GoogleAuth,
  client: AuthClient,
  connections: ObjectStoreConnections,
  key = (auth.jsonContent ?? {}) as GcsKeyFile,
): GcsIdentity {
  const tokenUrl = key.token_uri;
  if (client instanceof JWT && tokenUrl !== undefined) client.additionalClaims = { aud: tokenUrl };
  const transporter = guardedClient(connections, TOKEN_TIMEOUT_MS, (url) =>
    tokenUrl !== undefined && url.href === GOOGLE_TOKEN_URL ? new URL(tokenUrl) : url,
  );
  const { stsCredential, sourceClient } = client as unknown as ClientParts;
  for (const part of [client, stsCredential, sourceClient]) if (part) part.transporter = transporter;
  return { auth, signs: canSign(client), signingEndpoint: signingEndpointOf(key) };
}

/** Users, tokens without an account and anonymous clients have no name to sign with. */
function canSign(client: AuthClient): boolean {
  if (client instanceof BaseExternalAccountClient) return client.getServiceAccountEmail() !== null;
  return !(client instanceof UserRefreshClient || client instanceof PassThroughClient);
}

/** The same service that lends the account signs for it. */
function signingEndpointOf(key: GcsKeyFile): string | undefined {
  return /^(.+\/serviceAccounts\/)[^/]+$/.exec(key.service_account_impersonation_url ?? '')?.[1];
}

function isPrivateKey(pem: string | undefined): boolean {
  try {
    return createPrivateKey(pem ?? '').asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}
