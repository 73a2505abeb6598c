/** Namespaces and module names: ASCII letters, digits, `-`, `_`; first and last a letter or digit; 1–64 characters. */
const NAME = /^[0-9A-Za-z](?:[0-9A-Za-z_-]{0,62}[0-9A-Za-z])?$/;
const SYSTEM = /^[0-9a-z]{1,64}$/;
const PROVIDER_TYPE = /^[0-9a-z](?:[0-9a-z-]{0,62}[0-9a-z])?$/;
const PLATFORM_PART = /^[a-z0-9]{1,32}$/;

const MAX_SEGMENT = 64;

/** The grammar of the parts of an address (REST contract, section 6). ASCII only, so folding case cannot surprise. */
export const registrySegment = {
  isName: (text: unknown): text is string => matches(NAME, text),
  isSystem: (text: unknown): text is string => matches(SYSTEM, text),
  isProviderType: (text: unknown): text is string => matches(PROVIDER_TYPE, text),
  isPlatformPart: (text: unknown): text is string => matches(PLATFORM_PART, text),
  /** What {@link isName} demands, as the second half of a sentence. */
  nameRule:
    'use 1 to 64 ASCII letters, digits, hyphens and underscores, beginning and ending with a letter or digit',
};

function matches(pattern: RegExp, text: unknown): boolean {
  return typeof text === 'string' && text.length <= MAX_SEGMENT && pattern.test(text);
}
