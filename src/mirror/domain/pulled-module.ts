import type { FailedQuestion } from './pulled-offer.js';

/** What an upstream says about the versions of a module. Plain JSON. */
export type ModuleListing =
  | { readonly kind: 'listed'; readonly versions: readonly string[] }
  | { readonly kind: 'absent' }
  | FailedQuestion;

/** What of a module may be fetched when somebody asks for it. */
export type ModuleOffer =
  | {
      readonly kind: 'offered';
      /** By version. */
      readonly versions: ReadonlyMap<string, OfferedModuleVersion>;
    }
  /** The upstream does not have it, or the mirror may not fetch it. */
  | { readonly kind: 'absent' }
  | FailedQuestion;

/** A version that may be fetched. */
export interface OfferedModuleVersion {
  /** The rules of the mirror approve it instead of a person. */
  readonly isAutoApproved: boolean;
}

/** Whether something about a version went well. Plain JSON. */
export type ModuleVerdict = { readonly kind: 'good' } | { readonly kind: 'absent' } | FailedQuestion;
