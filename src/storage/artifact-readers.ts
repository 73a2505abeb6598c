import { Injectable } from '@nestjs/common';
import type { Principal } from '../access/principal.js';

/** Decides whether a caller may read one of the objects of a feature that use an artifact. */
export type ArtifactReader = (principal: Principal, artifactId: string) => Promise<boolean>;

/** Who may open a file by its bare URL (REST contract 7). Features say what they know; storage knows none of them. */
@Injectable()
export class ArtifactReaders {
  private readonly readers: ArtifactReader[] = [];

  /** Adds the knowledge of one feature. */
  register(reader: ArtifactReader): void {
    this.readers.push(reader);
  }

  /** Whether some feature lets `principal` read the artifact. */
  async mayRead(principal: Principal, artifactId: string): Promise<boolean> {
    for (const reader of this.readers) {
      if (await reader(principal, artifactId)) return true;
    }
    return false;
  }
}
