// The codes and severities of all findings that the sources can make, read with a parser.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';

const root = fileURLToPath(new URL('..', import.meta.url));

/** A place where a finding is made. */
export interface FindingSite {
  readonly file: string;
  /** Every text that its `code` can be; empty where the test cannot tell. */
  readonly codes: readonly string[];
  /** Those of its `severity` that stand there as texts. */
  readonly severities: readonly string[];
}

type Node = Readonly<Record<string, unknown>>;

/** The texts of all files in src/ and samplers/, by name. */
export function sourceTexts(): ReadonlyMap<string, string> {
  const files = ['samplers', 'src'].flatMap((folder) =>
    readdirSync(`${root}/${folder}`, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`),
  );
  return new Map(files.map((file) => [file, readFileSync(`${root}/${file}`, 'utf8')]));
}

/** Every object that is made with a code and a severity. */
export function findingSites(sources: ReadonlyMap<string, string>): FindingSite[] {
  return [...sources].flatMap(([file, text]) => sitesIn(file, text));
}

function sitesIn(file: string, text: string): FindingSite[] {
  const { program } = parseSync(file, text);
  const sites: FindingSite[] = [];
  visit(program, (node) => {
    if (node.type !== 'ObjectExpression') return;
    const values = new Map((node.properties as Node[]).map(({ key, value }) => [(key as Node)?.name, value]));
    if (!values.has('code') || !values.has('severity')) return;
    sites.push({ file, codes: textsIn(values.get('code')), severities: textsIn(values.get('severity')) });
  });
  return sites;
}

/** The texts that an expression can be: a literal, or the branches of a condition. */
function textsIn(expression: unknown): string[] {
  const { type, value, consequent, alternate, expression: inner } = expression as Node;
  if (type === 'Literal') return [String(value)];
  if (type === 'ConditionalExpression') return [...textsIn(consequent), ...textsIn(alternate)];
  return type === 'TSAsExpression' ? textsIn(inner) : [];
}

function visit(node: unknown, see: (node: Node) => void): void {
  if (typeof node !== 'object' || node === null) return;
  if ('type' in node) see(node as Node);
  for (const child of Object.values(node)) visit(child, see);
}
