import type { ContractGaps } from '../contract-cases.js';

/** Cases that Azure cannot show. */
export const AZURE_GAPS: ContractGaps = {
  'opens the range %s':
    'Azure knows no ranges that count from the end; its spec shows the other ranges of this case',
};
