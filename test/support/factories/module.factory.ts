import { packTarGz } from '../build-fixtures.js';
import type { ModulePublish } from '../publish-client.js';
import { uniqueName } from './names.js';

/** The smallest module; `content` tells one from another. */
export function archiveOf(content: string): Buffer {
  return packTarGz([{ name: 'main.tf', data: `# ${content}\n` }]);
}

/** A module of a new name in the namespace `acme`, with bytes of its own. */
export function aModule(given: Partial<ModulePublish> = {}): Required<ModulePublish> {
  const name = given.name ?? uniqueName('vpc');
  const version = given.version ?? '1.0.0';
  return {
    namespace: 'acme',
    name,
    system: 'aws',
    version,
    archive: given.archive ?? archiveOf(`${name} ${version}`),
    fileLast: false,
    ...given,
  };
}

/** `/v1/modules/<namespace>/<name>/<system>` */
export function moduleProtocolPath(module: { namespace: string; name: string; system: string }): string {
  return `/v1/modules/${module.namespace}/${module.name}/${module.system}`;
}

/** `/api/v1/modules/<namespace>/<name>/<system>` */
export function moduleApiPath(module: { namespace: string; name: string; system: string }): string {
  return `/api${moduleProtocolPath(module)}`;
}
