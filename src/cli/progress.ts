// Progress as one line of a terminal that is rewritten, and wiped before results are printed.
import type { Progress } from '../estimate/fit.js';
import type { Io } from './io.js';

const WIPE = '\r\u001b[K';
const BETWEEN_UPDATES = 100;

export interface ProgressLine {
  /** Absent where nobody watches. */
  readonly onProgress?: (progress: Progress) => void;
  wipe(): void;
}

/** At most ten updates a second; nothing at all where `io.terminal` is false. */
export function progressLine(io: Io, now: () => number = () => performance.now()): ProgressLine {
  if (!io.terminal) return { wipe() {} };
  let last = Number.NEGATIVE_INFINITY;
  let written = false;
  return {
    onProgress({ stage, done, total }) {
      if (now() - last < BETWEEN_UPDATES) return;
      last = now();
      written = true;
      io.err(`${WIPE}${`${stage} ${done}${total === undefined ? '' : ` of ${total}`}`.slice(0, 79)}`);
    },
    wipe() {
      if (written) io.err(WIPE);
      written = false;
    },
  };
}
