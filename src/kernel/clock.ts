/** The time of day. A port, so that tests can move it. */
export abstract class Clock {
  /** The current time. */
  abstract now(): Date;
}

/** The clock of the machine. */
export class SystemClock extends Clock {
  now(): Date {
    return new Date();
  }
}
