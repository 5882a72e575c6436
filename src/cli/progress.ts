// Progress as one line of a terminal that is rewritten, and wiped before results are printed.
import type { Progress } from '../estimate/fit.js';
import type { Io } from './io.js';

const WIPE = '\r\u001b[K';
const BETWEEN_UPDATES = 100;
/** Milliseconds after which the time is told. */
const LONG = 1000;
const BAR = 20;

export interface ProgressLine {
  /** Absent where nobody watches. */
  readonly onProgress?: (progress: Progress) => void;
  wipe(): void;
}

/** At most ten updates a second; nothing at all where `io.terminal` is false. */
export function progressLine(io: Io, now: () => number = () => performance.now()): ProgressLine {
  if (!io.terminal) return { wipe() {} };
  const begun = now();
  let last = Number.NEGATIVE_INFINITY;
  let written = false;
  return {
    onProgress(progress) {
      if (now() - last < BETWEEN_UPDATES) return;
      last = now();
      written = true;
      io.err(`${WIPE}${line(progress, last - begun)}`);
    },
    wipe() {
      if (written) io.err(WIPE);
      written = false;
    },
  };
}

/** How far it is; after a second also a bar and the time left where that is known, else the time so far. */
function line({ stage, done, total, detail }: Progress, elapsed: number): string {
  const plain = `${stage} ${done}${total === undefined ? '' : ` of ${total}`}`;
  if (elapsed < LONG) return plain.slice(0, 79);
  const left = detail?.secondsLeft;
  // A search ends when it is done, long before the most steps that it may take.
  if (left === undefined || !Number.isFinite(left) || total === undefined) {
    return `${plain.slice(0, 60)}, ${time(elapsed / 1000)} so far`;
  }
  const filled = Math.min(BAR, Math.floor((BAR * done) / total));
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(BAR - filled)}]`;
  return `${plain.slice(0, 36)} ${bar} ${time(left)} left`;
}

function time(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s`;
  return seconds < 6000 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
