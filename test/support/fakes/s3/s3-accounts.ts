import { randomBytes } from 'node:crypto';
import { S3Failure } from './s3-answers.js';

/** A key with which requests are signed. */
export interface S3AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** With keys of a session. */
  readonly sessionToken?: string;
  readonly expiresAtMs?: number;
}

/** A role that may be assumed. */
export interface S3Role {
  readonly arn: string;
  /** Demanded from those who assume it with a key. */
  readonly externalId?: string;
  /** The identity token that opens it, too. */
  readonly webIdentityToken?: string;
}

/** The keys that the server knows. All of them are made for the test. */
export class S3Accounts {
  /** The key of the account. */
  readonly root: S3AccessKey = newKey('AKIA');
  /** When set, only keys of a session of this role may touch objects. */
  role: S3Role | undefined;
  /** How long sessions live unless they ask for less. */
  sessionSeconds = 3600;
  private readonly keys = new Map<string, S3AccessKey>([[this.root.accessKeyId, this.root]]);

  /** A session of the role. */
  newSession(wantedSeconds: number): S3AccessKey {
    const expiresAtMs = Date.now() + Math.min(wantedSeconds, this.sessionSeconds) * 1000;
    const session = { ...newKey('ASIA'), sessionToken: randomBytes(48).toString('base64'), expiresAtMs };
    this.keys.set(session.accessKeyId, session);
    return session;
  }

  /** Forgets a key: requests signed with it are refused. */
  revoke(accessKeyId: string): void {
    this.keys.delete(accessKeyId);
  }

  /** The key that signs a request; throws what S3 says to others. */
  keyOf(accessKeyId: string, sessionToken: string | undefined): S3AccessKey {
    const key = this.keys.get(accessKeyId);
    if (!key) throw new S3Failure(403, 'InvalidAccessKeyId');
    if (key.sessionToken !== sessionToken) throw new S3Failure(400, 'InvalidToken');
    if (key.expiresAtMs !== undefined && key.expiresAtMs <= Date.now()) {
      throw new S3Failure(400, 'ExpiredToken');
    }
    return key;
  }

  /** Whether a key may touch objects. */
  mayUseObjects(key: S3AccessKey): boolean {
    return this.role === undefined || key.sessionToken !== undefined;
  }
}

function newKey(prefix: string): S3AccessKey {
  return {
    accessKeyId: prefix + randomBytes(8).toString('hex').toUpperCase(),
    secretAccessKey: randomBytes(30).toString('base64'),
  };
}
