import { DomainError } from '../kernel/errors.js';

/** A page that acts for the person who is signed in, asked for with another credential. */
export class BrowserNeeded extends DomainError {
  readonly kind = 'forbidden';
  readonly code = 'browser_needed';

  constructor() {
    super('This page is for people who are signed in with a browser');
  }
}

/** No such file of the pages. */
export class AssetNotFound extends DomainError {
  readonly kind = 'not-found';
  readonly code = 'asset_not_found';

  constructor() {
    super('Not found');
  }
}
