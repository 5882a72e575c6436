// Colour for what matters: the severity that a finding opens with. Nothing else is coloured.

const CODES = { note: 36, warning: 33, error: 31 } as const;

/** Colours the words `note`, `warning` and `error` where a finding's line begins with one. */
export function paint(text: string): string {
  return text.replaceAll(
    /^(note|warning|error)(?= \[)/gm,
    (word) => `\u001b[${CODES[word as keyof typeof CODES]}m${word}\u001b[39m`,
  );
}

/** Only on a terminal that knows colours, and not where NO_COLOR has any value (no-color.org). */
export function wantsColour(terminal: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  return terminal && !env.NO_COLOR && env.TERM !== 'dumb';
}
