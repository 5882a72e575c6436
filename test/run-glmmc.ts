// The command line run in this process: its exit code and what it says.
import { runCommand } from '../src/cli/program.js';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** `glmmc ...args`, as without a terminal. */
export async function glmmc(...args: string[]): Promise<Ran> {
  let out = '';
  let err = '';
  const code = await runCommand(args, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    terminal: false,
  });
  return { code, out, err };
}
