const KNOWN_WORDS = [
  'changeme',
  'changethis',
  'changeit',
  'replaceme',
  'replacethis',
  'password',
  'passw0rd',
  'yoursecret',
  'yourjwtsecret',
  'yourencryptionkey',
  'supersecret',
  'mysecret',
  'secretkey',
  'placeholder',
  'letmein',
];
const LEAST_CHARACTERS = 32;
const LEAST_DISTINCT = 8;

/** Says why a secret is too weak to protect anything, as a sentence part after "is too weak: ", or nothing when it will do. */
export function weakness(secret: string | Uint8Array): string | undefined {
  const units = typeof secret === 'string' ? Buffer.from(secret, 'utf8') : secret;
  if (units.length < LEAST_CHARACTERS) return `it has fewer than ${LEAST_CHARACTERS} characters`;
  const text = Buffer.from(units)
    .toString('latin1')
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');
  if (KNOWN_WORDS.some((word) => text.includes(word))) return 'it contains a well-known example value';
  if (isRepetition(units)) return 'it repeats a short piece';
  if (isSequence(units)) return 'it runs through the alphabet or the digits';
  if (new Set(units).size < LEAST_DISTINCT) return `it has fewer than ${LEAST_DISTINCT} different characters`;
  return undefined;
}

function isRepetition(units: Uint8Array): boolean {
  for (let period = 1; period <= units.length / 2; period++) {
    if (units.every((unit, index) => index < period || unit === units[index - period])) return true;
  }
  return false;
}

function isSequence(units: Uint8Array): boolean {
  let steps = 0;
  for (let index = 1; index < units.length; index++) {
    if (Math.abs(units[index]! - units[index - 1]!) === 1) steps++;
  }
  return steps > units.length / 2;
}
