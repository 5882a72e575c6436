// Where a command writes, and what it hands back to the shell.

export interface Io {
  /** Results. */
  out(text: string): void;
  /** Errors and progress. */
  err(text: string): void;
  /** Whether `err` is a terminal that can rewrite a line. */
  readonly terminal: boolean;
  /** Whether `out` shows colours (false). */
  readonly colour?: boolean;
}

/** Done; bad input; fitted but not converged. */
export const EXIT = { done: 0, badInput: 1, notConverged: 2 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
