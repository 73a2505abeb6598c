import { randomUUID } from 'node:crypto';
import { conditionNotMet, invalid } from './gcs-answers.js';
import { hashesOf, type StoredBytes } from './stored-bytes.js';

/** What is said about an object when it is sent. */
export interface WantedObject {
  readonly name?: string;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly storageClass?: string;
  readonly md5Hash?: string;
  readonly crc32c?: string;
}

/** An object as it is kept. */
export interface KeptObject {
  readonly name: string;
  readonly bytes: StoredBytes;
  readonly contentType: string;
  readonly contentEncoding: string | undefined;
  readonly storageClass: string;
  readonly md5Hash: string;
  readonly crc32c: string;
  readonly generation: string;
  readonly timeCreated: string;
}

/** A resumable upload that was begun. */
export interface KeptSession {
  readonly id: string;
  readonly wanted: WantedObject;
  readonly ifGenerationMatch: string | null;
  readonly parts: StoredBytes[];
  /** Set when it is finished. */
  object?: KeptObject;
}

const STORAGE_CLASSES = ['STANDARD', 'NEARLINE', 'COLDLINE', 'ARCHIVE'];

/** One bucket: its objects and the uploads under way. */
export class GcsBucket {
  readonly objects = new Map<string, KeptObject>();
  readonly sessions = new Map<string, KeptSession>();
  /** Whether bytes are taken whatever checksum was announced. */
  ignoresHashes = false;
  private generations = Date.now() * 1000;

  /** Throws unless the object of this name has the generation that the caller expects; 0 means none. */
  assertGeneration(name: string, expected: string | null): void {
    if (expected !== null && expected !== (this.objects.get(name)?.generation ?? '0'))
      throw conditionNotMet();
  }

  begin(wanted: WantedObject, ifGenerationMatch: string | null): KeptSession {
    assertWanted(wanted);
    this.assertGeneration(wanted.name ?? '', ifGenerationMatch);
    const session = { id: randomUUID(), wanted, ifGenerationMatch, parts: [] };
    this.sessions.set(session.id, session);
    return session;
  }

  /** Makes an object of bytes, if they are those that were announced and the name is as the sender expects. */
  async create(
    wanted: WantedObject,
    bytes: StoredBytes,
    ifGenerationMatch: string | null,
  ): Promise<KeptObject> {
    try {
      assertWanted(wanted);
      const hashes = await hashesOf(bytes);
      for (const name of ['md5Hash', 'crc32c'] as const) {
        const said = wanted[name];
        if (said !== undefined && said !== hashes[name] && !this.ignoresHashes) {
          throw invalid(`Provided ${name} "${said}" doesn't match calculated ${name} "${hashes[name]}".`);
        }
      }
      // Nothing may come between the condition and the object.
      this.assertGeneration(wanted.name ?? '', ifGenerationMatch);
      const object = {
        ...hashes,
        name: wanted.name ?? '',
        bytes,
        contentType: wanted.contentType ?? 'application/octet-stream',
        contentEncoding: wanted.contentEncoding,
        storageClass: wanted.storageClass ?? 'STANDARD',
        generation: String(++this.generations),
        timeCreated: new Date().toISOString(),
      };
      this.objects.set(object.name, object);
      return object;
    } catch (error) {
      await bytes.remove();
      throw error;
    }
  }

  /** The objects whose names begin with `prefix`, by the bytes of UTF-8. */
  sorted(prefix: string): KeptObject[] {
    const found = [...this.objects.values()].filter(({ name }) => name.startsWith(prefix));
    return found.sort((one, other) => Buffer.compare(Buffer.from(one.name), Buffer.from(other.name)));
  }
}

function assertWanted({ name = '', storageClass = 'STANDARD' }: WantedObject): void {
  if (name === '') throw invalid('Required parameter: name');
  if (Buffer.byteLength(name) > 1024) throw invalid('The name is too long');
  if (!STORAGE_CLASSES.includes(storageClass))
    throw invalid(`Invalid argument: storage class ${storageClass}`);
}
