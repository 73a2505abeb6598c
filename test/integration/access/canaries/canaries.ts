import { randomBytes } from 'node:crypto';

/** A secret in one of the forms in which it could be written down. */
export interface Needle {
  readonly secret: string;
  readonly form: string;
  readonly text: string;
}

const FRAGMENT = 16;
const ENCODED = /^[A-Za-z0-9_+/-]{22,}={0,2}$/;

/** What is looked for: one recognizable value, or several, per class of secret. */
export class Canaries {
  private readonly planted = new Map<string, Set<string>>();
  private readonly known: Needle[] = [];

  /** Every class with its values. */
  get classes(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.planted;
  }

  /** The newest value of each class. */
  get newest(): string[] {
    return [...this.planted.values()].map((values) => [...values].at(-1)!);
  }

  /** All values with the name of their class. */
  get values(): { name: string; value: string }[] {
    return [...this.planted].flatMap(([name, values]) => [...values].map((value) => ({ name, value })));
  }

  get needles(): readonly Needle[] {
    return this.known;
  }

  /** Begins to look for a value; gives it back. What comes before `publicLength` may be shown. */
  plant(name: string, value: string | undefined, publicLength = 0): string {
    if (value === undefined || value.length - publicLength < FRAGMENT) {
      throw new Error(`${name} is no canary: ${value}`);
    }
    const values = this.planted.get(name) ?? new Set<string>();
    const seen = new Set(this.known.map(({ text }) => text));
    // What a mistyped secret has in common with the right one counts as that of the right one.
    if (!values.has(value))
      this.known.push(...formsOf(name, value, publicLength).filter(({ text }) => !seen.has(text)));
    this.planted.set(name, values.add(value));
    return value;
  }

  /** A new random value that is nothing else than a canary. */
  invent(name: string): string {
    return this.plant(name, `canary${randomBytes(24).toString('hex')}`);
  }
}

/** The needles that stand in a text. */
export function findIn(text: string, needles: readonly Needle[]): Needle[] {
  return needles.filter((needle) => text.includes(needle.text));
}

/** Whole and in parts, as text and encoded as code and databases like to do it. */
function formsOf(secret: string, value: string, publicLength: number): Needle[] {
  const end = partsOf(value);
  const core = value.slice(publicLength);
  const forms = new Map<string, string>([
    ['whole', value],
    ['beginning', (end?.payload ?? core).slice(0, FRAGMENT)],
    ['end', core.slice(-FRAGMENT)],
    ['percent', encodeURIComponent(value)],
    ['JSON', JSON.stringify(value).slice(1, -1)],
    ['HTML', value.replaceAll('&', '&amp;').replaceAll("'", '&#39;').replaceAll('"', '&quot;')],
    ['hex', Buffer.from(core).toString('hex')],
    ...inBase64(Buffer.from(core)).map((text, at) => [`base64 ${at}`, text] as const),
  ]);
  for (const bytes of bytesOf(core)) {
    forms.set(`bytes of ${bytes.length}`, bytes.toString('latin1'));
    forms.set(`hex of ${bytes.length} bytes`, bytes.toString('hex'));
    inBase64(bytes).forEach((text, at) => forms.set(`base64 ${at} of ${bytes.length} bytes`, text));
  }
  const texts = new Set<string>();
  return [...forms].flatMap(([form, text]) => {
    if (texts.has(text)) return [];
    texts.add(text);
    return [{ secret, form, text }];
  });
}

/** The header of a signed token is the same in all of them, and its claims are no secret alone. */
function partsOf(value: string): { payload: string } | undefined {
  const [, , signature, ...more] = value.split('.');
  return signature === undefined || more.length > 0 ? undefined : { payload: signature };
}

/** What a text stands for when it is an encoding itself. */
function bytesOf(core: string): Buffer[] {
  if (/^(?:[0-9a-f]{2}){16,}$/.test(core)) return [Buffer.from(core, 'hex')];
  return ENCODED.test(core) ? [Buffer.from(core, 'base64url')] : [];
}

/** In base64 the same bytes look in three ways, by where they begin; without the ends, which depend on neighbors. */
function inBase64(bytes: Buffer): string[] {
  return [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    return text.slice(shift === 0 ? 0 : 4, -4);
  });
}
