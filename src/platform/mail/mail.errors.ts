import { DomainError } from '../../kernel/errors.js';

/**
 * A mail was not accepted. The message holds neither addresses nor secrets nor text of the other side. Without
 * `isOfRecipient` the next mail would fail as well.
 */
export class MailNotSent extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'mail_not_sent';

  constructor(
    reason: string,
    readonly isOfRecipient: boolean,
    options?: ErrorOptions,
  ) {
    super(`The mail was not sent: ${reason}`, {}, options);
  }
}
