/** Two kinds of requests whose times were compared, as dudect does it (Reparaz, Balasch, Verbauwhede, 2017). */
export interface Comparison {
  /** The highest absolute value of Welch's t over all crops. */
  readonly t: number;
  /** The quantile of all times above which times were left out for it; 1: none. */
  readonly crop: number;
  /** By how much the mean of the second kind is higher with this crop, in the unit of the times. */
  readonly difference: number;
}

/** Times above these quantiles are mostly pauses of the machine, which hide what the code does. */
const CROPS = [1, 0.99, 0.95, 0.9, 0.8, 0.5];

interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Of the sample, divided by count - 1. */
  readonly variance: number;
}

/** Welch's t statistic for the difference of two means, `other` minus `one`; needs two values of each. */
export function welchT(one: readonly number[], other: readonly number[]): number {
  return tOf(momentsOf(one), momentsOf(other));
}

/**
 * Compares two kinds of times, once with all of them and once for each crop. A crop has one threshold for both kinds,
 * so that it cannot make them differ.
 */
export function compareTimes(one: readonly number[], other: readonly number[]): Comparison {
  const all = [...one, ...other].toSorted((first, second) => first - second);
  const compared = CROPS.map((crop) => {
    const threshold = all[Math.ceil(all.length * crop) - 1]!;
    const [left, right] = [one, other].map((times) => momentsOf(times.filter((time) => time <= threshold)));
    return { t: Math.abs(tOf(left!, right!)), crop, difference: right!.mean - left!.mean };
  });
  return compared.reduce((worst, next) => (next.t > worst.t ? next : worst));
}

function tOf(one: Moments, other: Moments): number {
  const error = Math.sqrt(one.variance / one.count + other.variance / other.count);
  const difference = other.mean - one.mean;
  if (error === 0) return difference === 0 ? 0 : Math.sign(difference) * Infinity;
  return difference / error;
}

function momentsOf(times: readonly number[]): Moments {
  if (times.length < 2) throw new RangeError('Two times are needed at least to compare them');
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
  const squares = times.reduce((sum, time) => sum + (time - mean) ** 2, 0);
  return { count: times.length, mean, variance: squares / (times.length - 1) };
}
