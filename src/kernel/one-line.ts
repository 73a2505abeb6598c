/** Controls of terminals, line ends, and what turns the direction of writing around. */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;

/** Text that people wrote, as one line that does nothing to the terminal which prints it. */
export function oneLine(text: string): string {
  return text.replaceAll(UNSAFE, ' ').trim();
}
