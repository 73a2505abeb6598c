import { Injectable } from '@nestjs/common';
import type { Principal } from '../access/principal.js';
import { SignedLink } from '../platform/crypto/signed-link.js';
import { ArtifactKey } from './artifact-key.js';
import { ArtifactReaders } from './artifact-readers.js';
import { ArtifactStore } from './artifact-store.service.js';
import type { GrantedFile } from './file-answers.service.js';
import type { FileTarget } from './file-target.js';
import { FileNotFound, FileUrlExpired, InvalidFileSignature } from './storage.errors.js';

/**
 * Who may open a file URL (REST contract 7): everybody with a valid signature, whatever else the request carries;
 * without a signature, a credential that may read an object which uses the file.
 */
@Injectable()
export class FileAccess {
  constructor(
    private readonly links: SignedLink,
    private readonly artifacts: ArtifactStore,
    private readonly readers: ArtifactReaders,
  ) {}

  /**
   * Throws InvalidFileSignature and FileUrlExpired; FileNotFound for a credential that may not read the file, as if
   * there were none. A valid signature costs no statement.
   */
  async grant({ keyPath, query }: FileTarget, principal: Principal): Promise<GrantedFile> {
    switch (this.links.verify(keyPath, query)) {
      case 'valid':
        return { keyPath, expiresAtMs: Number(query.get('expires')) * 1000 };
      case 'expired':
        throw new FileUrlExpired();
      case 'wrong':
        throw new InvalidFileSignature();
      case 'missing':
        return this.grantToCredential(keyPath, principal);
    }
  }

  private async grantToCredential(keyPath: string, principal: Principal): Promise<GrantedFile> {
    if (principal.kind === 'anonymous') throw new InvalidFileSignature();
    const key = ArtifactKey.parse(keyPath);
    // Objects that refer to the same bytes may do so in different storages.
    for (const artifactId of key ? await this.artifacts.findIds(key) : []) {
      if (await this.readers.mayRead(principal, artifactId)) return { keyPath };
    }
    throw new FileNotFound();
  }
}
