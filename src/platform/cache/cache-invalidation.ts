import { Injectable } from '@nestjs/common';
import { Transactions } from '../database/transactions.js';

/** What cached facts are about: people, keys, sessions and roles; who owns a namespace; stored settings. */
export type CacheTopic = 'identity' | 'namespaces' | 'settings';

export const CACHE_TOPICS: readonly CacheTopic[] = ['identity', 'namespaces', 'settings'];

/**
 * Tells every process to forget what it holds about a topic that changed; `CacheRelay` carries it to the others.
 * What decides about permission must not live longer than a second without being told: the news may be lost.
 */
@Injectable()
export class CacheInvalidation {
  private readonly listeners = new Map<CacheTopic, (() => void)[]>();
  private tellOthers: (topic: CacheTopic) => void = () => undefined;

  constructor(private readonly transactions: Transactions) {}

  /** Calls `forget` whenever `topic` changed, here or in another process. */
  onChange(topic: CacheTopic, forget: () => void): void {
    this.listeners.set(topic, [...(this.listeners.get(topic) ?? []), forget]);
  }

  /** `topic` changes with the surrounding transaction: after its commit every process forgets. */
  announce(topic: CacheTopic): void {
    this.transactions.afterCommit(() => {
      this.forget(topic);
      this.tellOthers(topic);
    });
  }

  /** Forgets `topic` in this process: another one changed it, or may have. */
  forget(topic: CacheTopic): void {
    for (const forget of this.listeners.get(topic) ?? []) forget();
  }

  /** Says how the other processes are told. */
  relayThrough(tellOthers: (topic: CacheTopic) => void): void {
    this.tellOthers = tellOthers;
  }
}
