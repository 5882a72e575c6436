// The worker: fits while the page stays awake, and says how it goes ten times a second.
import { type Comparison, compare, GlmmcError, glmm, type Progress, parseCsv } from 'glmmc';
import type { FromWorker, Point, Run, ToWorker } from './messages.js';
import { families } from './models.js';
import { pathOf, valuesOf } from './paths.js';
import { jsonOf, reportOf } from './report.js';
import { choices } from './strategies.js';

const BETWEEN_MESSAGES = 100;

const say = (message: FromWorker): void => self.postMessage(message);

let controller: AbortController | undefined;
let last: Comparison | undefined;

self.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === 'cancel') controller?.abort();
  else void (data.kind === 'run' ? run(data) : report(data.as)).catch(explain);
});
say({ kind: 'ready' });

async function run({ csv, formula, family, link, strategies, seed }: Run): Promise<void> {
  controller?.abort();
  const mine = new AbortController();
  controller = mine;
  try {
    const model = glmm(formula, parseCsv(csv), { family: families[family].make(link) });
    const dispersion = model.family.dispersion ? ['dispersion'] : [];
    const names = [...model.coefficientNames, 'sigma', ...dispersion];
    say({ kind: 'model', names, findings: model.findings });
    last = await compare(
      model,
      strategies.map((name) => choices[name].make()),
      { seed, signal: mine.signal, onProgress: teller() },
    );
    say({
      kind: 'done',
      rows: last.rows.map(({ fit, ...row }) => ({ ...row, path: fit ? pathOf(fit) : [] })),
      text: String(last),
    });
  } catch (error) {
    if (!mine.signal.aborted) throw error;
    say({ kind: 'cancelled' });
  }
}

async function report(as: 'page' | 'json'): Promise<void> {
  if (!last) return;
  say({ kind: 'report', ...(as === 'json' ? jsonOf(last) : await reportOf(last)) });
}

/** Collects points, and sends them when the stage changes or a tenth of a second is over. */
function teller(): (progress: Progress) => void {
  let points: Point[] = [];
  let stage = '';
  let next = 0;
  return ({ stage: now, done, total, detail, parameters }) => {
    const time = performance.now();
    if (now !== stage && points.length > 0) say({ kind: 'points', stage, points: points.splice(0) });
    if (parameters) points.push({ chain: detail?.chain ?? 0, values: valuesOf(parameters) });
    if (now === stage && time < next) return;
    stage = now;
    next = time + BETWEEN_MESSAGES;
    say({ kind: 'points', stage, points });
    points = [];
    const secondsLeft = detail?.secondsLeft;
    say({
      kind: 'progress',
      stage,
      done,
      ...(total !== undefined && { total }),
      ...(secondsLeft !== undefined && { secondsLeft }),
    });
  };
}

function explain(error: unknown): void {
  const { message } = error as Error;
  say({ kind: 'error', code: error instanceof GlmmcError ? error.code : 'unexpected', message });
}
