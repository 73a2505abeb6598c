import { Setting } from './setting.decorator.js';

/** What is logged, how, and where to. */
export class LoggingConfig {
  @Setting({
    key: 'logging.level',
    type: 'string',
    values: ['debug', 'info', 'warn', 'error'],
    description: 'Least severity that is written.',
  })
  readonly level: 'debug' | 'info' | 'warn' | 'error' = 'info';

  @Setting({
    key: 'logging.format',
    type: 'string',
    values: ['json', 'text'],
    description: 'Form of a line.',
  })
  readonly format: 'json' | 'text' = 'json';

  @Setting({ key: 'logging.output', type: 'string', description: 'stdout, stderr, or the path of a file.' })
  readonly output: string = 'stdout';
}
