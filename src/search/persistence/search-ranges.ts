const at = (byte: string): string => `'${byte}000000-0000-0000-0000-000000000000'`;

/**
 * Conditions on `d.id` that split the table into parts, each three times the one before; ids are random. Each part has
 * text indexes of its own, whose conditions are these: reading many rows of a frequent word can stop between two parts,
 * where one index gives all its rows before the first is looked at.
 */
export const SEARCH_RANGES: readonly string[] = [
  `d.id < ${at('08')}`,
  `d.id >= ${at('08')} AND d.id < ${at('20')}`,
  `d.id >= ${at('20')} AND d.id < ${at('60')}`,
  `d.id >= ${at('60')}`,
];
