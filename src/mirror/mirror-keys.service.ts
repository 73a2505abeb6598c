import { Injectable } from '@nestjs/common';
import type { Mirror } from './domain/mirror.js';
import type { KeyTrust, VerifiedRelease } from './release-verifier.js';

/** Whose signatures count for the namespaces of a mirror, and what was learned about keys (threat F2). */
@Injectable()
export class MirrorKeys {
  /** Whose signatures count now. */
  trustFor(_mirror: Mirror, _namespace: string): Promise<KeyTrust> {
    return Promise.reject(new Error('not built'));
  }

  /** Pins a key that was trusted at first sight, and remembers one that counted. */
  learn(_mirror: Mirror, _namespace: string, _release: VerifiedRelease): Promise<void> {
    return Promise.reject(new Error('not built'));
  }

  /** Remembers a key that signed something and does not count, for somebody to decide about. */
  noteStranger(
    _mirror: Mirror,
    _namespace: string,
    _key: { fingerprint: string; armor: string },
  ): Promise<void> {
    return Promise.reject(new Error('not built'));
  }
}
