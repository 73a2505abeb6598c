import { randomBytes } from 'node:crypto';
import type { Agent } from 'node:http';
import { request } from './http-request.js';
import type { Answer } from './http-request.js';

/** One part of a multipart body; with a `filename` it is a file part. */
export interface FormPart {
  name: string;
  value: Buffer | string;
  filename?: string;
}

/** A publish call of the REST contract (sections 15 and 16). */
export interface PublishCall {
  url: string;
  key?: string;
  ca?: string;
  agent?: Agent;
  timeoutMs?: number;
}

/** A multipart body with its parts in the given order, as curl writes it. */
export function multipartBody(parts: readonly FormPart[]): { contentType: string; body: Buffer } {
  const boundary = `------------------------${randomBytes(12).toString('hex')}`;
  const pieces: Buffer[] = [];
  for (const part of parts) {
    const file = part.filename === undefined ? '' : `; filename="${part.filename}"`;
    const type = part.filename === undefined ? '' : 'Content-Type: application/octet-stream\r\n';
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${part.name}"${file}\r\n${type}\r\n`;
    pieces.push(Buffer.from(head), Buffer.from(part.value as string), Buffer.from('\r\n'));
  }
  pieces.push(Buffer.from(`--${boundary}--\r\n`));
  return { contentType: `multipart/form-data; boundary=${boundary}`, body: Buffer.concat(pieces) };
}

/** Sends a form to a path of the registry. */
export function postForm(call: PublishCall, path: string, parts: readonly FormPart[]): Promise<Answer> {
  const { contentType, body } = multipartBody(parts);
  const headers: Record<string, string> = { 'content-type': contentType };
  if (call.key !== undefined) headers['authorization'] = `Bearer ${call.key}`;
  const { ca, agent, timeoutMs } = call;
  return request(`${call.url}${path}`, { method: 'POST', headers, body, ca, agent, timeoutMs });
}

/** What a module is published with; `fileLast` puts the file behind the fields. */
export interface ModulePublish {
  namespace?: string;
  name?: string;
  system?: string;
  version: string;
  archive: Buffer;
  fileLast?: boolean;
}

/** POST /api/v1/modules. */
export function publishModule(call: PublishCall, module: ModulePublish): Promise<Answer> {
  const file: FormPart = { name: 'file', value: module.archive, filename: 'module.tar.gz' };
  const fields: FormPart[] = [
    { name: 'namespace', value: module.namespace ?? 'myorg' },
    { name: 'name', value: module.name ?? 'vpc' },
    { name: 'system', value: module.system ?? 'aws' },
    { name: 'version', value: module.version },
  ];
  return postForm(call, '/api/v1/modules', module.fileLast ? [...fields, file] : [file, ...fields]);
}

/** What a platform of a provider is published with. */
export interface ProviderPublish {
  namespace?: string;
  type?: string;
  version: string;
  os?: string;
  arch?: string;
  file: Buffer;
  filename?: string;
  publicKey?: string;
  shasums?: Buffer | string;
  shasumsSignature?: Buffer;
  docs?: Buffer;
  fileLast?: boolean;
}

/** POST /api/v1/providers, one platform. */
export function publishProvider(call: PublishCall, provider: ProviderPublish): Promise<Answer> {
  const { type = 'mycloud', os = 'linux', arch = 'amd64', version } = provider;
  const filename = provider.filename ?? `terraform-provider-${type}_${version}_${os}_${arch}.zip`;
  const file: FormPart = { name: 'file', value: provider.file, filename };
  const fields: FormPart[] = [
    { name: 'namespace', value: provider.namespace ?? 'myorg' },
    { name: 'type', value: type },
    { name: 'version', value: version },
    { name: 'os', value: os },
    { name: 'arch', value: arch },
  ];
  const more = (name: string, value: Buffer | string | undefined, partName: string): void => {
    if (value !== undefined) fields.push({ name, value, filename: partName });
  };
  more('gpg_public_key', provider.publicKey, 'public_key.asc');
  more('shasums_file', provider.shasums, 'SHA256SUMS');
  more('shasums_signature_file', provider.shasumsSignature, 'SHA256SUMS.sig');
  more('docs_file', provider.docs, 'docs.zip');
  return postForm(call, '/api/v1/providers', provider.fileLast ? [...fields, file] : [file, ...fields]);
}

/** A release in one call: several packages by canonical name, one checksum document, one signature. */
export interface ReleasePublish {
  namespace?: string;
  type: string;
  version: string;
  packages: Readonly<Record<string, Buffer>>;
  publicKey?: string;
  shasums: Buffer | string;
  shasumsSignature: Buffer;
}

/** POST /api/v1/providers, all platforms at once. */
export function publishRelease(call: PublishCall, release: ReleasePublish): Promise<Answer> {
  const parts: FormPart[] = [
    { name: 'namespace', value: release.namespace ?? 'myorg' },
    { name: 'type', value: release.type },
    { name: 'version', value: release.version },
    { name: 'shasums_file', value: release.shasums, filename: 'SHA256SUMS' },
    { name: 'shasums_signature_file', value: release.shasumsSignature, filename: 'SHA256SUMS.sig' },
    ...Object.entries(release.packages).map(([filename, value]) => ({ name: 'file', value, filename })),
  ];
  if (release.publicKey)
    parts.push({ name: 'gpg_public_key', value: release.publicKey, filename: 'key.asc' });
  return postForm(call, '/api/v1/providers', parts);
}
