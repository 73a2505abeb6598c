import { Injectable } from '@nestjs/common';
import { AuditConfig } from '../config/audit.config.js';
import { type ActiveRequest, RequestContext } from '../platform/request-context/request-context.js';
import { type AuditActor, actorOf } from './audit-actor.js';
import { redact, storable } from './audit-redaction.js';
import { ENTRIES_EXPIRED, PERSON_ERASED } from './domain/audit-actions.js';
import { type AuditDraft, type AuditMetadata, chainOf } from './domain/audit-entry.js';
import type { AuditRecord } from './domain/audit-record.js';
import { AuditChainsRepository } from './persistence/audit-chains.repository.js';

/** The record of every change, written in the transaction that makes the change (threat I12, REST contract 28). */
@Injectable()
export class AuditLog {
  constructor(
    private readonly config: AuditConfig,
    private readonly chains: AuditChainsRepository,
  ) {}

  /**
   * Records one change; call it inside `Transactions.run`, once per changed object, at any point before the
   * transaction ends. Throws when there is no transaction. With `audit.enabled = false` only what was taken out of
   * the log itself is still recorded.
   */
  async record(record: AuditRecord): Promise<void> {
    const active = RequestContext.current();
    if (active !== undefined) active.audited += 1;
    const isBookkeeping = record.action === ENTRIES_EXPIRED || record.action === PERSON_ERASED;
    if (this.config.enabled || isBookkeeping) this.chains.add(draftOf(record, active));
  }

  /** Records what was put together elsewhere, e.g. from the spool of downloads; needs a transaction too. */
  append(drafts: readonly AuditDraft[]): void {
    if (!this.config.enabled) return;
    for (const draft of drafts) this.chains.add(draft);
  }

  /** The request found everything as it wants it, so that there is nothing to record. */
  nothingChanged(): void {
    const active = RequestContext.current();
    if (active !== undefined) active.hasNothingToAudit = true;
  }
}

function draftOf(record: AuditRecord, active: ActiveRequest | undefined): AuditDraft {
  const { resource, resourceId, organizationId, actor: given } = record;
  const actor = actorOf(active);
  const { userId, name, email } = given ?? actor;
  return {
    chain: chainOf(organizationId),
    userId,
    userEmail: storableOrNull(email),
    userName: storableOrNull(name),
    actorKind: actor.kind,
    actorId: storableOrNull(actor.id),
    organizationId,
    action: storable(record.action ?? actionOf(active)),
    resourceType: resource,
    resourceId: storableOrNull(resourceId),
    metadata: metadataOf(record, active, actor),
    ipAddress: active?.clientIp ?? null,
  };
}

/** The route with placeholders, because a path may hold a secret. */
function actionOf(active: ActiveRequest | undefined): string {
  return active === undefined ? 'SYSTEM' : `${active.method} ${active.route}`;
}

function metadataOf(
  { metadata, before, after }: AuditRecord,
  active: ActiveRequest | undefined,
  actor: AuditActor,
): AuditMetadata {
  return redact({
    auth_method: actor.authMethod,
    status_code: active?.statusCode?.(),
    request_id: active?.requestId ?? null,
    user_agent: active?.userAgent ?? undefined,
    published_from: actor.publishedFrom,
    ...metadata,
    before,
    after,
  }) as AuditMetadata;
}

function storableOrNull(text: string | null): string | null {
  return text === null ? null : storable(text);
}
