import { Injectable } from '@nestjs/common';
import type { Scope } from '../../access/scope.js';
import type { PreparedDocument } from './prepared-document.js';

/** Says who may read a namespace, and keeps it so until the surrounding transaction ends; `undefined`: nobody knows. */
export type VisibilitySource = (namespace: string) => Promise<PreparedDocument['visibility'] | undefined>;

/**
 * Asks, in the transaction that stores documents, whether their namespace is private: what the publisher knew may be
 * older than a change of it. The features say whom to ask, by the scope of their documents.
 */
@Injectable()
export class DocumentVisibility {
  private readonly sources = new Map<Scope, VisibilitySource>();

  /** Documents that are read with `scope` have the visibility that `source` says. */
  decideWith(scope: Scope, source: VisibilitySource): void {
    this.sources.set(scope, source);
  }

  /** The same documents with the visibility of now. */
  async renewed(documents: readonly PreparedDocument[]): Promise<PreparedDocument[]> {
    const known = new Map<string, Promise<PreparedDocument['visibility'] | undefined>>();
    const renewed: PreparedDocument[] = [];
    for (const document of documents) {
      const { scope, namespace } = document;
      const key = `${scope} ${namespace}`;
      const visibility = known.get(key) ?? Promise.resolve(this.sources.get(scope)?.(namespace));
      known.set(key, visibility);
      const current = await visibility;
      renewed.push(current === undefined ? document : { ...document, visibility: current });
    }
    return renewed;
  }
}
