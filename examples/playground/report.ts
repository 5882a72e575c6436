// What people take home: the package's HTML report where it has one, else the printed comparison; all numbers as JSON.
import type { Comparison } from 'glmmc';

export interface ReportFile {
  readonly name: string;
  readonly type: string;
  readonly text: string;
}

type Html = (comparison: Comparison) => string | Promise<string>;

export async function reportOf(comparison: Comparison): Promise<ReportFile> {
  const { reportHtml } = (await import('glmmc')) as { reportHtml?: Html };
  if (reportHtml) {
    return { name: 'glmmc-report.html', type: 'text/html', text: await reportHtml(comparison) };
  }
  return { name: 'glmmc-report.txt', type: 'text/plain', text: `${comparison}\n` };
}

/** Every number in full. */
export function jsonOf(comparison: Comparison): ReportFile {
  const text = `${JSON.stringify(comparison, null, 2)}\n`;
  return { name: 'glmmc-comparison.json', type: 'application/json', text };
}
