import { InvalidInput } from '../../kernel/invalid-input.js';
import { ModuleAddress } from '../../kernel/terraform/module-address.js';
import { Version } from '../../kernel/terraform/version.js';
import { parseForm } from '../../platform/http/form-fields.js';
import type { ReceivedUpload, SpooledFile } from '../../platform/http/received-upload.js';
import { PublishModuleDto } from './module-api.dto.js';

/** A module upload, parsed at the door. */
export interface ModuleUploadForm {
  readonly address: ModuleAddress;
  readonly version: Version;
  readonly file: SpooledFile;
  readonly about: { readonly description?: string; readonly source?: string };
  readonly organizationId?: string;
}

/**
 * Reads the parts of `POST /api/v1/modules` (REST contract 15).
 *
 * @throws InvalidInput, InvalidAddress, InvalidVersion with the sentences of the contract
 */
export function readModuleUpload(upload: ReceivedUpload): ModuleUploadForm {
  const form = parseForm(PublishModuleDto, upload.fields, ['namespace', 'name', 'system', 'version']);
  const file = upload.file('file');
  if (!file) throw new InvalidInput('Missing or invalid file upload');
  return {
    address: ModuleAddress.parse(form),
    version: Version.parse(form.version),
    file,
    about: { description: form.description, source: form.source },
    organizationId: form.organization_id,
  };
}
