/** What can be wrong with the bytes of a committed artifact, by name. */
export const DAMAGES = {
  missing: 'the storage has no bytes for it',
  'wrong-size': 'the bytes have another size',
  'wrong-digest': 'the bytes have another SHA-256',
  unreadable: 'the storage answers, and does not give these bytes away',
  'failed-check':
    'the bytes are the right ones, but what they are to prove does not hold, for instance a signature',
} as const;

export type Damage = keyof typeof DAMAGES;

/** How the latest attempt to repair an artifact ended, by name. */
export const REPAIR_RESULTS = {
  'no-source': 'neither another storage nor an upstream has the right bytes; restore them from a backup',
  'source-unavailable':
    'a storage or upstream that may have the right bytes could not be asked; it is tried again',
  'storage-unavailable': 'the damaged storage did not take the right bytes; it is tried again',
  busy: 'the object is just being removed; it is tried again',
  'not-repairable': 'the bytes are the right ones; see what they are to prove',
} as const;

export type RepairResult = keyof typeof REPAIR_RESULTS;
