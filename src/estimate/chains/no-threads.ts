// The note where threads were asked for and there are none.
import type { Finding } from '../../model/finding.js';

/** @param what ran on one thread: 'chains' */
export function noThreads(what: string): Finding {
  return {
    code: 'one-thread',
    severity: 'note',
    message: `The ${what} ran on one thread, though more were asked for: worker threads are of Node, and this is a browser.`,
    advice: 'Nothing need be done: the numbers are the same. Run it in Node to have them sooner.',
  };
}
