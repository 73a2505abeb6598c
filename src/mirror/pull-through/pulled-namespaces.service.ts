import { Injectable } from '@nestjs/common';
import { foldNamespace } from '../../kernel/terraform/namespace-name.js';
import { PulledClaims } from '../../orgs/pulled-claims.service.js';
import { Transactions } from '../../platform/database/transactions.js';
import type { Mirror } from '../domain/mirror.js';
import { MirrorsRepository } from '../persistence/mirrors.repository.js';
import { PullThroughReaders } from './pull-through-readers.service.js';
import { PulledHosts } from './pulled-hosts.service.js';
import { pullsModulesOf } from './pulls-modules.js';

/** Keeps the claims on namespaces of modules in line with the mirrors that name them. */
@Injectable()
export class PulledNamespaces {
  constructor(
    private readonly mirrors: MirrorsRepository,
    private readonly claims: PulledClaims,
    private readonly readers: PullThroughReaders,
    private readonly hosts: PulledHosts,
    private readonly transactions: Transactions,
  ) {}

  /**
   * Claims what a mirror names now, and gives back what no mirror names any more, as far as nothing of it is here; in the
   * transaction that stores the mirror.
   *
   * @throws NamespaceNotPullable one of them is something else already
   */
  async settle(before: Mirror | null, after: Mirror | null): Promise<void> {
    const touched = [...(before?.moduleNamespaces ?? []), ...(after?.moduleNamespaces ?? [])];
    if (touched.length === 0) return;
    // Who changed the mirror may ask for a module next; the other processes are told.
    this.transactions.afterCommit(() => this.hosts.load());
    await this.claims.lock(touched);
    const mirrors = await this.mirrors.list({ organizations: 'all', isOfNone: true }, true);
    mirrors.sort((one, other) => one.createdAt.getTime() - other.createdAt.getTime());
    const wanted: { readonly mirror: Mirror; readonly namespace: string }[] = [];
    // First what is given back: a mirror may go on with another upstream.
    for (const host of new Set([before?.upstreamHost, after?.upstreamHost])) {
      if (host === undefined) continue;
      for (const namespace of new Map(touched.map((one) => [foldNamespace(one), one])).values()) {
        const mirror = mirrors.find((one) => one.upstreamHost === host && pullsModulesOf(one, namespace));
        if (mirror === undefined) await this.claims.release(namespace, host);
        else wanted.push({ mirror, namespace });
      }
    }
    for (const { mirror, namespace } of wanted) {
      const { organizationId, isShared } = await this.readers.ownerOf(mirror);
      await this.claims.put({ namespace, host: mirror.upstreamHost, organizationId, isShared });
    }
  }
}
