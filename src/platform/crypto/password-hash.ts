import { Injectable } from '@nestjs/common';
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { LocalAccountsConfig } from '../../config/local-accounts.config.js';
import { HashingBusy } from './password-hash.errors.js';

/** What a hash costs: memory in KiB, passes over it, lanes. */
interface Cost {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

interface StoredHash extends Cost {
  readonly salt: Buffer;
  readonly tag: Buffer;
}

/** What comparing found. `isOutdated`: right, and to be stored again because the cost has changed since. */
export interface PasswordCheck {
  readonly isRight: boolean;
  readonly isOutdated: boolean;
}

const COST: Cost = { memory: 19_456, passes: 2, parallelism: 1 };
const SALT_BYTES = 16;
const TAG_BYTES = 32;
const FORM = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

/**
 * Slow hashes of passwords: argon2id (RFC 9106) with 19 MiB and two passes, a random salt, kept as
 * `$argon2id$v=19$m=…,t=…,p=…$salt$tag`. So many at a time that sign-ins cannot take all cores and memory of the
 * process; others wait their turn. Throws {@link HashingBusy} when too many wait.
 */
@Injectable()
export class PasswordHash {
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  /** Compared with where there is nothing to compare with, so that both take the same time. */
  private readonly nobody: StoredHash = {
    ...COST,
    salt: randomBytes(SALT_BYTES),
    tag: Buffer.alloc(TAG_BYTES),
  };

  constructor(private readonly config: LocalAccountsConfig) {}

  /** The text to store for `password`. */
  async create(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    const tag = await this.derive(password, { ...COST, salt, tag: Buffer.alloc(TAG_BYTES) });
    const { memory, passes, parallelism } = COST;
    return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`;
  }

  /**
   * Whether `stored` was made of `password`. The same work is done for `undefined` and for a text that is no such
   * hash, and it is never right.
   */
  async check(password: string, stored: string | undefined): Promise<PasswordCheck> {
    const parsed = stored === undefined ? undefined : parse(stored);
    const tag = await this.derive(password, parsed ?? this.nobody);
    const isSame = timingSafeEqual(tag, (parsed ?? this.nobody).tag);
    const isRight = isSame && parsed !== undefined;
    return { isRight, isOutdated: isRight && !costsAsMuch(parsed) };
  }

  private async derive(password: string, { salt, tag, ...cost }: StoredHash): Promise<Buffer> {
    await this.takeTurn();
    try {
      return await argon2id(password, salt, tag.length, cost);
    } finally {
      this.passTurn();
    }
  }

  private async takeTurn(): Promise<void> {
    if (this.running < this.config.maxHashes) {
      this.running += 1;
      return;
    }
    if (this.waiting.length >= this.config.maxWaiting) throw new HashingBusy();
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** The turn goes straight to who waits longest, so that nobody overtakes. */
  private passTurn(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.running -= 1;
    else next();
  }
}

function argon2id(password: string, nonce: Buffer, tagLength: number, cost: Cost): Promise<Buffer> {
  const message = Buffer.from(password, 'utf8');
  return new Promise((resolve, reject) => {
    argon2('argon2id', { message, nonce, tagLength, ...cost }, (error, tag) => {
      if (error === null) resolve(tag);
      else reject(error);
    });
  });
}

function parse(stored: string): StoredHash | undefined {
  const [, memory, passes, parallelism, salt, tag] = FORM.exec(stored) ?? [];
  if (salt === undefined || tag === undefined) return undefined;
  return {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  };
}

function costsAsMuch({ memory, passes, parallelism, salt, tag }: StoredHash): boolean {
  return (
    memory === COST.memory &&
    passes === COST.passes &&
    parallelism === COST.parallelism &&
    salt.length === SALT_BYTES &&
    tag.length === TAG_BYTES
  );
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}
