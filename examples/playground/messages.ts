// What the page and its worker say to each other.
import type { Estimate, Finding } from 'glmmc';

export interface Run {
  readonly kind: 'run';
  readonly csv: string;
  readonly formula: string;
  readonly family: string;
  readonly link: string;
  readonly strategies: readonly string[];
  readonly seed: string;
}

export type ToWorker =
  | Run
  | { readonly kind: 'cancel' }
  | { readonly kind: 'report'; readonly as: 'page' | 'json' };

/** A strategy's row of the comparison, without its fit. */
export interface Row {
  readonly strategy: string;
  readonly estimates: readonly Estimate[];
  readonly logLik: number;
  readonly milliseconds: number;
  readonly verdict: string;
  /** Of the search, or of the draws; empty where there is no fit. */
  readonly path: readonly Point[];
  readonly findings: readonly Finding[];
}

/** A point of a path: of chain number `chain` (from 1), or of a search (0). */
export interface Point {
  readonly chain: number;
  readonly values: readonly number[];
}

export type FromWorker =
  /** The worker is up. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'model'; readonly names: readonly string[]; readonly findings: readonly Finding[] }
  | {
      readonly kind: 'progress';
      readonly stage: string;
      readonly done: number;
      readonly total?: number;
      readonly secondsLeft?: number;
    }
  /** Where the parameters went during a stage. */
  | { readonly kind: 'points'; readonly stage: string; readonly points: readonly Point[] }
  | { readonly kind: 'done'; readonly rows: readonly Row[]; readonly text: string }
  | { readonly kind: 'report'; readonly name: string; readonly type: string; readonly text: string }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'error'; readonly code: string; readonly message: string };
