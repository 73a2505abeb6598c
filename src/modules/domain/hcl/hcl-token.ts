/** Kinds of tokens. Single characters name themselves. */
export type TokenKind =
  | 'identifier'
  | 'number'
  | 'newline'
  | 'end'
  | 'failure'
  /** Opening and closing of a quoted template; its content is `text` and interpolations. */
  | 'quote'
  | 'unquote'
  | 'heredoc'
  | 'unheredoc'
  | 'text'
  /** `${` or `%{`, and the brace that ends it. */
  | 'interpolate'
  | 'interpolated'
  /** Any operator that decides nothing about structure. */
  | 'operator'
  | '{'
  | '}'
  | '['
  | ']'
  | '('
  | ')'
  | ','
  | '='
  | ':';
