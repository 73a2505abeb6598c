const MAX_LENGTH = 64;
/** `name/system` of a module. */
const MAX_NAME_LENGTH = 2 * MAX_LENGTH + 1;
const ALLOWED = /^[0-9A-Za-z_*?-]+$/;

/**
 * A name, or a pattern in which `*` stands for any characters and `?` for one. Case does not matter. Matching takes at
 * most as many steps as pattern and name have characters multiplied; they have at most 64 and 129.
 */
export class Glob {
  private constructor(
    /** In lower case. */
    readonly text: string,
  ) {}

  /** Undefined for what could match no name: only letters, digits, `-`, `_`, `*` and `?`, 1 to 64 of them. */
  static tryParse(text: unknown): Glob | undefined {
    if (typeof text !== 'string' || text.length > MAX_LENGTH || !ALLOWED.test(text)) return undefined;
    return new Glob(text.toLowerCase().replaceAll(/\*{2,}/g, '*'));
  }

  /** Whether it names one thing. */
  get isExact(): boolean {
    return !/[*?]/.test(this.text);
  }

  /** Whether it matches the whole of `name`. */
  matches(name: string): boolean {
    if (name.length > MAX_NAME_LENGTH) return false;
    const wanted = this.text;
    const given = name.toLowerCase();
    let at = 0;
    let star = -1;
    let resume = 0;
    for (let read = 0; read < given.length;) {
      if (wanted[at] === '*') {
        star = at;
        at += 1;
        resume = read;
      } else if (wanted[at] === '?' || wanted[at] === given[read]) {
        at += 1;
        read += 1;
      } else if (star >= 0) {
        // Only the last star has to be tried again: what earlier ones took is as good as any other choice.
        resume += 1;
        read = resume;
        at = star + 1;
      } else {
        return false;
      }
    }
    while (wanted[at] === '*') at += 1;
    return at === wanted.length;
  }
}
