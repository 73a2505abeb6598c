import { Module } from '@nestjs/common';
import { Mailer } from './mailer.js';

/** Outgoing mail. No routes, no tables; needs the global configuration. */
@Module({ providers: [Mailer], exports: [Mailer] })
export class MailModule {}
