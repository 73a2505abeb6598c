import { registrySegment } from './registry-segment.js';
import { InvalidPlatform } from './terraform.errors.js';

/** An operating system and an architecture, in the spelling of Go. */
export class Platform {
  private constructor(
    readonly os: string,
    readonly arch: string,
  ) {}

  /** Throws {@link InvalidPlatform}. */
  static parse(parts: { os: string; arch: string }): Platform {
    if (!registrySegment.isPlatformPart(parts.os)) {
      throw new InvalidPlatform('os is 1 to 32 lower-case ASCII letters and digits, e.g. linux');
    }
    if (!registrySegment.isPlatformPart(parts.arch)) {
      throw new InvalidPlatform('arch is 1 to 32 lower-case ASCII letters and digits, e.g. amd64');
    }
    return new Platform(parts.os, parts.arch);
  }

  /** Reads `linux_amd64`. Throws {@link InvalidPlatform}. */
  static parseKey(key: string): Platform {
    const parts = typeof key === 'string' && key.length <= 65 ? key.split('_') : [];
    const [os, arch] = parts;
    if (os === undefined || arch === undefined || parts.length !== 2) {
      throw new InvalidPlatform('write it as os_arch, e.g. linux_amd64');
    }
    return Platform.parse({ os, arch });
  }

  /** `linux_amd64` */
  get key(): string {
    return `${this.os}_${this.arch}`;
  }

  /** `linux/amd64` */
  toString(): string {
    return `${this.os}/${this.arch}`;
  }
}
