#!/usr/bin/env node
// The command `glmmc`.
import { wantsColour } from './cli/colour.js';
import { runCommand } from './cli/program.js';

// A reader that has seen enough (head, less) closes the pipe: no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCommand(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  terminal: process.stderr.isTTY === true,
  colour: wantsColour(process.stdout.isTTY === true, process.env),
});
