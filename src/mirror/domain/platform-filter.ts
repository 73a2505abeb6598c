import { Platform } from '../../kernel/terraform/platform.js';
import { InvalidPlatform } from '../../kernel/terraform/terraform.errors.js';
import { InvalidPlatformFilter } from './mirror-settings.errors.js';
import { printable } from './printable.js';

const MAX_ENTRIES = 200;

/** Which platforms a mirror wants (REST contract, section 20): those listed as `os/arch`, or all. */
export class PlatformFilter {
  private constructor(private readonly keys: ReadonlySet<string> | undefined) {}

  /** Reads `os/arch` texts; nothing is "all". Throws {@link InvalidPlatformFilter}. */
  static parse(texts: readonly string[] | null | undefined): PlatformFilter {
    if (texts === null || texts === undefined || texts.length === 0) return new PlatformFilter(undefined);
    if (texts.length > MAX_ENTRIES) {
      throw new InvalidPlatformFilter(`it has at most ${MAX_ENTRIES} entries`);
    }
    return new PlatformFilter(new Set(texts.map((text) => readPlatform(text).key)));
  }

  /** Whether packages for this platform are wanted. */
  wants(platform: Platform): boolean {
    return this.keys === undefined || this.keys.has(platform.key);
  }
}

function readPlatform(text: unknown): Platform {
  const [os, arch, ...more] = typeof text === 'string' && text.length <= 65 ? text.split('/') : [];
  try {
    if (os !== undefined && arch !== undefined && more.length === 0) return Platform.parse({ os, arch });
  } catch (error) {
    if (!(error instanceof InvalidPlatform)) throw error;
  }
  throw new InvalidPlatformFilter(
    `${printable(String(text))} is no platform; write "os/arch" in lower case, e.g. "linux/amd64"`,
  );
}
