// What people take home: the report as a page, all numbers as JSON.
import { type Comparison, reportHtml } from 'glmmc';

export interface ReportFile {
  readonly name: string;
  readonly type: string;
  readonly text: string;
}

export async function reportOf(comparison: Comparison): Promise<ReportFile> {
  return { name: 'glmmc-report.html', type: 'text/html', text: await reportHtml(comparison) };
}

/** Every number in full. */
export function jsonOf(comparison: Comparison): ReportFile {
  const text = `${JSON.stringify(comparison, null, 2)}\n`;
  return { name: 'glmmc-comparison.json', type: 'application/json', text };
}
