// Which findings of a mixed model the reports of special models repeat.
import type { Finding } from '../model/finding.js';

/**
 * Leaves out what only says how far the Laplace approximation is off, which no special model uses: in tests, pairs, litters and studies
 * clusters of one kind are the rule. The fit itself keeps all findings.
 */
export function withoutLaplace(findings: readonly Finding[]): Finding[] {
  return findings.filter(
    ({ code, severity }) =>
      code !== 'laplace-inaccurate' && !(code === 'clusters-all-alike' && severity === 'note'),
  );
}
