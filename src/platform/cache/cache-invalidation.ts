import { Injectable } from '@nestjs/common';
import { Transactions } from '../database/transactions.js';

/** What cached facts are about: people, keys, sessions and roles; who owns a namespace; stored settings. */
export type CacheTopic = 'identity' | 'namespaces' | 'settings';

/** Tells every process to forget what it holds about a topic that changed. */
@Injectable()
export class CacheInvalidation {
  private readonly listeners = new Map<CacheTopic, (() => void)[]>();

  constructor(private readonly transactions: Transactions) {}

  /** Calls `forget` whenever `topic` changed, here or in another process. */
  onChange(topic: CacheTopic, forget: () => void): void {
    this.listeners.set(topic, [...(this.listeners.get(topic) ?? []), forget]);
  }

  /** `topic` changes with the surrounding transaction: after its commit every process forgets. */
  announce(topic: CacheTopic): void {
    this.transactions.afterCommit(() => this.forget(topic));
  }

  private forget(topic: CacheTopic): void {
    for (const forget of this.listeners.get(topic) ?? []) forget();
  }
}
