import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ConfiguredValues } from './configured-values.js';
import { envNameOf, isSecret } from './setting-definition.js';
import {
  azureFaults,
  type BackendFault,
  gcsFaults,
  s3AuthMethod,
  s3Faults,
} from './storage-backend-rules.js';
import { StorageConfig } from './storage.config.js';

const USUAL_ROOTS = ['data', 'storage'];
const REMOTE = ['azure', 's3', 'gcs'] as const;

/** Fills the values of the storage that follow from others. */
export function deriveStorage(values: ConfiguredValues): void {
  const { storage } = values.app;
  const localBasePath = resolve(values.cwd, storage.localBasePath);
  const roots = values.isSet('storage.local.allowed_roots')
    ? storage.localAllowedRoots
    : [localBasePath, ...USUAL_ROOTS];
  const localAllowedRoots = [...new Set(roots.map((root) => resolve(values.cwd, root)))];
  values.assign(storage, { localBasePath, localAllowedRoots });
  if (!values.isSet('storage.temp_dir')) {
    const tempDir = storage.defaultBackend === 'local' ? join(localBasePath, '.staging') : tmpdir();
    values.assign(storage, { tempDir });
  }
  values.assign(storage.s3, { authMethod: s3AuthMethod(storage.s3) });
}

/** The rules of configuration section 4 between settings. */
export function checkStorage(values: ConfiguredValues): void {
  checkSweepGrace(values);
  checkCdn(values);
  for (const type of REMOTE) checkBackend(values, type);
  const { gcs } = values.app.storage;
  if (gcs.authMethod === 'default' && (gcs.credentialsFile ?? gcs.credentialsJson) !== undefined) {
    values.warnings.push(
      'storage.gcs has credentials that are not used, because storage.gcs.auth_method is default; set it to service_account to use them.',
    );
  }
}

/** What is wrong with a backend of this configuration; nothing when it can be used. */
function faultsOf(storage: StorageConfig, type: (typeof REMOTE)[number]): BackendFault[] {
  switch (type) {
    case 'azure':
      return azureFaults(storage.azure);
    case 's3':
      return s3Faults(storage.s3);
    case 'gcs':
      return gcsFaults(storage.gcs);
  }
}

function checkSweepGrace(values: ConfiguredValues): void {
  const { storage, server } = values.app;
  const grace = 'storage.sweep_grace';
  const shorter: [string, number][] = [
    ['server.upload_timeout', server.uploadTimeoutMs],
    ['storage.url_ttl', storage.urlTtlMs],
    ['storage.mirror_url_ttl', storage.mirrorUrlTtlMs],
    ['storage.azure.sas_token_expiry', storage.azure.urlTtlMs ?? 0],
  ];
  for (const [name, time] of shorter) {
    if (values.isFaulty(grace, name) || storage.sweepGraceMs > time) continue;
    values.refuse(
      grace,
      `expected more than ${name} (${values.originOf(name)}), so that nothing in use is removed`,
    );
  }
}

function checkCdn(values: ConfiguredValues): void {
  const { storage, auth } = values.app;
  const hasCdn = storage.cdnUrl !== undefined || values.isFaulty('storage.cdn_url');
  if (!hasCdn && storage.cdnMode === 'public') {
    values.refuse('storage.cdn_url', 'expected the address of a CDN, because storage.cdn_mode is public');
  }
  if (!hasCdn && !storage.localServeDirectly) {
    values.refuse(
      'storage.cdn_url',
      'expected the address of a CDN, because storage.local.serve_directly is false',
    );
  }
  if (storage.cdnMode === 'public' && !auth.anonymousRead) {
    values.refuse(
      'storage.cdn_mode',
      'expected signed, because auth.anonymous_read is false and everybody may open plain addresses',
    );
  }
}

/** The backend in use must be complete; of others that are only begun the operator is told. */
function checkBackend(values: ConfiguredValues, type: (typeof REMOTE)[number]): void {
  const { storage } = values.app;
  const section = `storage.${type}`;
  const faults = faultsOf(storage, type).filter(({ name }) => !values.isFaulty(`${section}.${name}`));
  if (storage.defaultBackend === type) {
    for (const { name, expected, because } of faults) {
      const key = `${section}.${name}`;
      const reason = because ?? `storage.default_backend is ${type}`;
      values.refuse(key, `expected ${expected} in ${envNameOf(key)}, because ${reason}`);
    }
  } else if (faults.length > 0 && isBegun(values, type)) {
    const missing = faults.map(({ name, expected }) => `${section}.${name} (expected ${expected})`);
    values.warnings.push(
      `${section} is not complete and is ignored, so objects that are stored there cannot be read: ${missing.join(', ')}.`,
    );
  }
}

/** Whether somebody described part of a backend: one of the values that it cannot do without, or a secret. */
function isBegun(values: ConfiguredValues, type: (typeof REMOTE)[number]): boolean {
  const section = `storage.${type}`;
  const needed = faultsOf(new StorageConfig(), type).map(({ name }) => `${section}.${name}`);
  const secrets = values.settings
    .map(({ definition }) => definition)
    .filter((definition) => definition.name.startsWith(`${section}.`) && isSecret(definition.type));
  return values.isSet(...needed, ...secrets.map(({ name }) => name));
}
