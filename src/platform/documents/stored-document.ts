import type { Scope } from '../../access/scope.js';
import type { DocumentDownload } from './prepared-document.js';

/** A row of `protocol_documents`, with the generation its subject had when the row was read. */
export interface StoredDocument {
  readonly path: string;
  /** What the document is about, e.g. `module:acme/network/aws`. All documents of a subject share a generation. */
  readonly subject: string;
  readonly generation: number;
  readonly namespace: string;
  readonly scope: Scope;
  readonly visibility: 'private' | 'public' | null;
  readonly status: 200 | 204;
  /** Digest of everything that makes up the answer, without quotes. */
  readonly etag: string;
  /** The body in the form of `sealLinks`. */
  readonly body: string;
  readonly download: DocumentDownload | null;
  /** The keys of its links, in their order. */
  readonly artifactKeys: readonly string[];
  /** The storages that held those objects when the row was read, in the same order; absent when it was just written. */
  readonly storages?: readonly (string | null)[] | null | undefined;
}

/** A subject and one of its generations. */
export interface SubjectGeneration {
  readonly subject: string;
  readonly generation: number;
}

/** Where processes tell each other `<generation> <subject>`. */
export const GENERATIONS_CHANNEL = 'document_generations';
