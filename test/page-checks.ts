// What holds of every page that report() writes.
import type { ExecutionContext } from 'ava';

/** That the text has none of it, without printing a whole page where it has. */
export function absent(t: ExecutionContext, text: string, what: RegExp): void {
  t.is(what.exec(text)?.[0], undefined, String(what));
}

/** What no page may hold. */
export function checkPage(t: ExecutionContext, text: string): void {
  t.regex(
    text.slice(0, 400),
    /<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-/,
  );
  absent(t, text, /unsafe/);
  absent(t, text, /<(script|img|iframe|link|object|embed|form|b)\b/i);
  // The tags without what is quoted in them.
  absent(t, text.replace(/"[^"<>]*"/g, '""'), /<[^>]*\s(style|on\w+|src)\s*=/i);
  absent(t, text, /javascript:/i);
  const links = [...text.matchAll(/\bhref="([^"]*)"/g)].map(([, link]) => link);
  t.true(links.every((link) => link.startsWith('#') || link.startsWith('data:text/csv;')));
  const addresses = text.match(/\b(?:https?:)?\/\/[^\s"'<)]+/g) ?? [];
  t.deepEqual([...new Set(addresses)], ['http://www.w3.org/2000/svg']);
  absent(t, text, /url\((?!#)/);
}
