// Findings: what a person should know about a model or a fit, with what to do about it.

/** What a person should know about data, a model or a fit, with what to do about it. */
export interface Finding {
  /** Stable name. */
  readonly code: string;
  readonly severity: 'note' | 'warning' | 'error';
  readonly message: string;
  readonly advice: string;
  /** The coefficients or clusters it is about. */
  readonly where?: readonly string[];
}

/** "a, b, c and 12 more", for lists of clusters or columns inside a message. */
export function someOf(names: readonly string[], most: number = 5): string {
  if (names.length <= most) return names.join(', ');
  return `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
}
