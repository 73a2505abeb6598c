import { InvalidInput } from './invalid-input.js';

/** Collects messages by input field, so that a caller is told all of them at once. The first message of a field stays. */
export class FieldErrors {
  private readonly messages = new Map<string, string>();

  add(field: string, message: string): void {
    if (!this.messages.has(field)) {
      this.messages.set(field, message);
    }
  }

  /** Throws {@link InvalidInput} with this sentence and all messages, when there is one. */
  throwIfAny(sentence: string): void {
    if (this.messages.size > 0) {
      throw new InvalidInput(sentence, { fields: Object.fromEntries(this.messages) });
    }
  }
}
