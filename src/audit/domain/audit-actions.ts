/** The entry that says that a person was erased from the log. */
export const PERSON_ERASED = 'audit.person_erased';

/** The entry in which retention says up to where it removed entries of its chain. */
export const ENTRIES_EXPIRED = 'audit.entries_expired';
