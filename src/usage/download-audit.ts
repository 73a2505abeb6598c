import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.service.js';
import { type AuditActorKind, type AuditDraft, chainOf } from '../audit/domain/audit-entry.js';
import { foldNamespace } from '../kernel/terraform/namespace-name.js';
import { Namespaces } from '../orgs/namespaces.service.js';
import { type DownloadDetails, readDetails } from './download-details.js';

/** So many are read before whoever asks for something has a turn. */
const LINES_PER_TURN = 100;

/** What a path of a download document says. */
interface Downloaded {
  readonly kind: 'module' | 'provider';
  readonly namespace: string;
  readonly facts: Readonly<Record<string, string>>;
}

/** Turns the lines of a spool segment into audit entries, in the transaction that adds the counts. */
@Injectable()
export class DownloadAudit {
  constructor(
    private readonly audit: AuditLog,
    private readonly namespaces: Namespaces,
  ) {}

  /** Records one entry for each line that says who downloaded what. */
  async record(lines: readonly string[]): Promise<void> {
    const owners = new Map<string, string | null>();
    const drafts: AuditDraft[] = [];
    for (const [index, line] of lines.entries()) {
      if (index % LINES_PER_TURN === LINES_PER_TURN - 1) await nextTurn();
      const details = readDetails(line);
      const downloaded = details && parsePath(details.path);
      if (details === undefined || downloaded === undefined) continue;
      const folded = foldNamespace(downloaded.namespace);
      if (!owners.has(folded)) {
        owners.set(folded, (await this.namespaces.find(folded))?.organizationId ?? null);
      }
      drafts.push(draftOf(details, downloaded, owners.get(folded)!));
    }
    this.audit.append(drafts);
  }
}

function draftOf(details: DownloadDetails, { kind, facts }: Downloaded, owner: string | null): AuditDraft {
  const { who, clientIp, clientVersion, requestId, targetId, time, route } = details;
  return {
    chain: chainOf(owner),
    userId: who?.userId ?? null,
    userEmail: who?.email ?? null,
    userName: who?.name ?? null,
    actorKind: (who?.kind as AuditActorKind | undefined) ?? 'anonymous',
    actorId: who?.credentialId ?? null,
    organizationId: owner,
    action: `GET ${route}`,
    resourceType: kind,
    resourceId: targetId,
    metadata: {
      auth_method: who?.authMethod ?? 'none',
      status_code: kind === 'module' ? 204 : 200,
      request_id: requestId,
      ...facts,
      ...(clientVersion !== null && { client_version: clientVersion }),
      downloaded_at: time.toISOString(),
    },
    ipAddress: clientIp,
  };
}

/** The two shapes of a download document (REST contract 6.1 and 6.2); `undefined` for anything else. */
function parsePath(path: string): Downloaded | undefined {
  const [, , kind, namespace = '', ...rest] = path.split('/');
  if (kind === 'modules' && rest.length === 4) {
    const [name, system, version] = rest as [string, string, string];
    return { kind: 'module', namespace, facts: { address: `${namespace}/${name}/${system}`, version } };
  }
  if (kind === 'providers' && rest.length === 5) {
    const [type, version, , os, arch] = rest as [string, string, string, string, string];
    return { kind: 'provider', namespace, facts: { address: `${namespace}/${type}`, version, os, arch } };
  }
  return undefined;
}
