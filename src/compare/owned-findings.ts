// Findings of a comparison: each once, with the strategies it is of.
import type { Finding } from '../model/finding.js';
import type { Comparison } from './compare.js';

export interface OwnedFinding {
  readonly finding: Finding;
  /** Strategies, or `data` for what the data say of every strategy. */
  readonly names: readonly string[];
}

/** Those of the data first, then in the order of the strategies. */
export function ownedFindings({ model, rows, reference }: Comparison): OwnedFinding[] {
  const owners = new Map<string, { finding: Finding; names: string[] }>();
  const add = (finding: Finding, name: string): void => {
    const key = `${finding.code} ${finding.message}`;
    const entry = owners.get(key) ?? { finding, names: [] };
    entry.names.push(name);
    owners.set(key, entry);
  };
  for (const finding of model.findings) add(finding, 'data');
  const ofData = new Set(model.findings);
  const listed = rows.some(({ fit }) => fit === reference);
  const all = [...(listed ? [] : [{ strategy: 'reference', findings: reference.findings }]), ...rows];
  for (const row of all) {
    for (const finding of row.findings) if (!ofData.has(finding)) add(finding, row.strategy);
  }
  return [...owners.values()];
}
