import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Injectable } from '@nestjs/common';

/** The style sheet of the pages. Its name changes with its content, so that browsers may keep it. */
@Injectable()
export class StyleSheet {
  readonly bytes = readFileSync(new URL('./assets/app.css', import.meta.url));
  readonly digest = createHash('sha256').update(this.bytes).digest('hex');
  readonly fileName = `app-${this.digest.slice(0, 16)}.css`;
}
