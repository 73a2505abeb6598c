/** How one word of a query is found, in the terms of the table. */
export type SearchMatch =
  | {
      readonly kind: 'written';
      /** A substring of the haystack. */
      readonly text: string;
      /**
       * For each part of the word the known words that contain it: whoever has the substring has one of each. `null`
       * for a part that too many words contain.
       */
      readonly headWords: readonly (readonly string[] | null)[];
      /** Words that longer texts must all have; none: longer texts are not searched for it. */
      readonly bodyWords: readonly string[];
    }
  | {
      readonly kind: 'corrected';
      /** Words one of which the haystack must have. */
      readonly words: readonly string[];
    };
