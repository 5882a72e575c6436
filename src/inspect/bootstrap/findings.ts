// What is to be said of replications: those that failed, too few of them.
import type { Finding } from '../../model/finding.js';

/** A share of failures from which the rest may not stand for all. */
const MANY_FAILURES = 0.05;

export function failureFinding(failures: number, asked: number): Finding[] {
  if (failures === 0) return [];
  const all = failures === asked;
  return [
    {
      code: 'bootstrap-failures',
      severity: all ? 'error' : failures > MANY_FAILURES * asked ? 'warning' : 'note',
      message: `${failures} of ${asked} replications are left out: the fit to their data did not converge, or the data were such as no fit takes (responses all alike, separation, a term without data).`,
      advice: all
        ? 'Look at what such data are like: refit(fit, simulate(model, fit.parameters)[0]).'
        : 'What is told is of the others, and leaves the extremes out. Profiles (confint) or priors (gibbs()) have no such gap.',
    },
  ];
}
