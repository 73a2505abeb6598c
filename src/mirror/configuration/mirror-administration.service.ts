import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { IdentifiedPrincipal } from '../../access/principal.js';
import { SecretBox } from '../../platform/crypto/secret-box.js';
import { isUniqueViolation } from '../../platform/database/pg-errors.js';
import { Transactions } from '../../platform/database/transactions.js';
import {
  MirrorInUse,
  MirrorNameTaken,
  MirrorNotFound,
  MirrorSyncing,
  UpstreamTokenNotForAddress,
} from '../domain/mirror-configuration.errors.js';
import { loosenedChecks } from '../domain/loosened-checks.js';
import type { Mirror } from '../domain/mirror.js';
import { MirrorAccess } from './mirror-access.service.js';
import { MirrorEntries } from './mirror-entries.service.js';
import { MirrorRecords } from './mirror-records.service.js';
import {
  mirrorSettings,
  readUpstreamToken,
  type MirrorEntry,
  type MirrorSettings,
} from './mirror-settings.js';
import { MirrorsRepository } from '../persistence/mirrors.repository.js';
import { sealToken } from './upstream-tokens.js';

/** A mirror as it is entered. */
export interface MirrorDraft {
  readonly settings: MirrorEntry;
  /** Absent or empty: of the caller in a new mirror, as before in a changed one; `null`: of nobody. */
  readonly organizationId?: string | null | undefined;
  /** Absent or empty: as before; `null`: none. */
  readonly upstreamToken?: string | null | undefined;
}

/** Adds and changes mirrors (REST contract, section 20). Who may is decided before. */
@Injectable()
export class MirrorAdministration {
  constructor(
    private readonly mirrors: MirrorsRepository,
    private readonly entries: MirrorEntries,
    private readonly access: MirrorAccess,
    private readonly box: SecretBox,
    private readonly transactions: Transactions,
    private readonly records: MirrorRecords,
  ) {}

  /**
   * Adds a mirror, which is due at once when it is enabled. Throws what `MirrorEntries.check` and
   * `MirrorAccess.ownerOfNew` throw, `MirrorChecksLoosened`, `UpstreamTokenNeedsHttps`, {@link MirrorNameTaken},
   * `PullThroughElsewhere`, `NamespaceNotPullable`.
   */
  async add(principal: IdentifiedPrincipal, draft: MirrorDraft): Promise<Mirror> {
    const organizationId = await this.access.ownerOfNew(principal, draft.organizationId ?? null);
    const settings = await this.entries.check(draft.settings);
    await this.access.assertMayLoosen(principal, organizationId, loosenedChecks(settings));
    const token = tokenIn(draft, settings.upstreamUrl) ?? null;
    const id = randomUUID();
    return this.changing(async () => {
      await this.mirrors.add({
        ...stored(settings),
        id,
        organizationId,
        upstreamToken: sealToken(id, token, this.box),
        createdBy: principal.userId,
        createdByName: principal.name,
      });
      const after = (await this.mirrors.find(id))!;
      await this.records.changed({ before: null, after });
      return after;
    });
  }

  /**
   * Changes a mirror; what the draft leaves out stays. Throws what {@link add} throws, {@link MirrorNotFound},
   * {@link UpstreamTokenNotForAddress}, {@link MirrorInUse}, {@link MirrorSyncing}.
   */
  async change(principal: IdentifiedPrincipal, mirror: Mirror, draft: MirrorDraft): Promise<Mirror> {
    const { organizationId: wanted } = draft;
    const owner =
      wanted === undefined || wanted === '' ? undefined : await this.access.ownerOfChanged(principal, wanted);
    await this.entries.check(draft.settings, mirror);
    return this.changing(async () => {
      const before = await this.mirrors.lock(mirror.id);
      if (before === null) throw new MirrorNotFound();
      const settings = mirrorSettings(draft.settings, before);
      const organizationId = owner === undefined ? before.organizationId : owner;
      await this.access.assertMayLoosen(principal, organizationId, loosenedChecks(settings, before));
      await this.assertMayMove(before, settings, organizationId);
      const token = tokenIn(draft, settings.upstreamUrl);
      if (token === undefined && before.hasToken && settings.upstreamUrl !== before.upstreamUrl) {
        throw new UpstreamTokenNotForAddress();
      }
      await this.mirrors.change(mirror.id, {
        ...stored(settings),
        organizationId,
        ...(token !== undefined && { upstreamToken: sealToken(mirror.id, token, this.box) }),
      });
      await this.reschedule(before, settings);
      const after = (await this.mirrors.find(mirror.id))!;
      const replaced = token === undefined ? [] : ['upstream_token'];
      await this.records.changed({ before, after, metadata: { replaced } });
      return after;
    });
  }

  /** What was fetched, approved and trusted was so for this upstream and these readers. */
  private async assertMayMove(
    before: Mirror,
    settings: MirrorSettings,
    organizationId: string | null,
  ): Promise<void> {
    const isOtherUpstream = settings.upstreamHost !== before.upstreamHost;
    if (!isOtherUpstream && organizationId === before.organizationId) return;
    if (await this.mirrors.isSyncing(before.id)) throw new MirrorSyncing();
    if (!(await this.mirrors.isInUse(before.id))) return;
    throw new MirrorInUse(isOtherUpstream ? 'upstream_registry_url' : 'organization_id');
  }

  private async reschedule(before: Mirror, after: MirrorSettings): Promise<void> {
    const isSame =
      before.isEnabled === after.isEnabled && before.syncIntervalHours === after.syncIntervalHours;
    if (!isSame) await this.mirrors.reschedule(before.id);
  }

  private async changing(change: () => Promise<Mirror>): Promise<Mirror> {
    try {
      return await this.transactions.run(change);
    } catch (error) {
      throw isUniqueViolation(error, 'uq_mirror_name') ? new MirrorNameTaken() : error;
    }
  }
}

function stored(settings: MirrorSettings) {
  return {
    ...settings,
    namespaceFilter: [...settings.namespaceFilter],
    providerFilter: [...settings.providerFilter],
    platformFilter: [...settings.platformFilter],
    moduleNamespaces: [...settings.moduleNamespaces],
  };
}

/** The token that was sent, `null` to take it out; undefined when it stays as it is. */
function tokenIn({ upstreamToken }: MirrorDraft, upstreamUrl: string): string | null | undefined {
  if (upstreamToken === undefined || upstreamToken === '') return undefined;
  return upstreamToken === null ? null : readUpstreamToken(upstreamToken, upstreamUrl);
}
