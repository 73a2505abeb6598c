import { randomInt } from 'node:crypto';
import { TimedConnection } from './timed-connection.js';
import { type Comparison, compareTimes } from './welch.js';

/** The criterion of the threat table: below it nothing was found. */
export const MAX_T = 4.5;

/** Requests of one kind; all are answered with the same status. */
export interface RequestKind {
  readonly name: string;
  /** Sent in turn. */
  readonly requests: readonly Buffer[];
}

/** Kinds of requests that nobody may tell apart by the time of their answers. */
export interface TimingQuestion {
  readonly id: string;
  readonly name: string;
  readonly status: number;
  readonly kinds: readonly RequestKind[];
  /** How many requests of each kind are measured. */
  readonly samples: number;
}

/** Two kinds of a question, compared. */
export interface TimingResult extends Comparison {
  readonly id: string;
  readonly question: string;
  readonly kinds: readonly [string, string];
  readonly samples: number;
  readonly medianMicros: readonly [number, number];
  readonly isMet: boolean;
}

const WARM_SHARE = 0.05;

/** Asks on one connection, every kind as often as the others and in an order of chance. */
export async function sample(port: number, question: TimingQuestion): Promise<TimingResult[]> {
  const { kinds, samples, status } = question;
  const connection = await TimedConnection.open(port);
  try {
    const times = kinds.map((): number[] => []);
    const warm = Math.ceil(samples * WARM_SHARE);
    for (const [turn, kind] of randomOrder(kinds.length, samples + warm).entries()) {
      const { requests, name } = kinds[kind]!;
      const answer = await connection.ask(requests[turn % requests.length]!);
      if (answer.status !== status) throw new Error(`${question.name}, ${name}: status ${answer.status}`);
      if (turn >= warm * kinds.length) times[kind]!.push(answer.micros);
    }
    return pairsOf(kinds.length).map(([one, other]) => {
      const comparison = compareTimes(times[one]!, times[other]!);
      return {
        id: question.id,
        question: question.name,
        kinds: [kinds[one]!.name, kinds[other]!.name] as const,
        samples: Math.min(times[one]!.length, times[other]!.length),
        medianMicros: [middleOf(times[one]!), middleOf(times[other]!)] as const,
        ...comparison,
        isMet: comparison.t < MAX_T,
      };
    });
  } finally {
    connection.close();
  }
}

/** Blocks of every kind once, each block in an order of its own: what changes with time hits all alike. */
function randomOrder(kinds: number, rounds: number): number[] {
  const order: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const block = Array.from({ length: kinds }, (_, kind) => kind);
    for (let last = kinds - 1; last > 0; last -= 1) {
      const chosen = randomInt(last + 1);
      [block[last], block[chosen]] = [block[chosen]!, block[last]!];
    }
    order.push(...block);
  }
  return order;
}

function pairsOf(count: number): [number, number][] {
  return Array.from({ length: count }, (_, one) => one).flatMap((one) =>
    Array.from({ length: count - one - 1 }, (_, step): [number, number] => [one, one + 1 + step]),
  );
}

function middleOf(times: readonly number[]): number {
  const sorted = times.toSorted((one, other) => one - other);
  return sorted[sorted.length >> 1]!;
}
