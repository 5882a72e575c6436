// Built-in modules of Node where there is Node: no import of one stands in what browsers load, so any bundler takes it.
import { GlmmcError } from '../../samplers/errors.js';

interface Builtins {
  'node:crypto': typeof import('node:crypto');
  'node:fs': typeof import('node:fs');
  'node:fs/promises': typeof import('node:fs/promises');
  'node:path': typeof import('node:path');
  'node:stream/promises': typeof import('node:stream/promises');
  'node:url': typeof import('node:url');
  'node:worker_threads': typeof import('node:worker_threads');
  'node:zlib': typeof import('node:zlib');
}

/** Whether this is Node, or what has its built-in modules. */
export function hasBuiltins(): boolean {
  return typeof globalThis.process?.getBuiltinModule === 'function';
}

/**
 * A built-in module, without an import: bundlers for browsers refuse `import('node:fs')` even where it is never reached.
 * @param purpose what needs it and what to do instead, for the error
 * @throws GlmmcError `needs-node`
 */
export function builtin<Id extends keyof Builtins>(id: Id, purpose: string): Builtins[Id] {
  if (!hasBuiltins()) {
    throw new GlmmcError('needs-node', `there is no ${id} here (a browser?): ${purpose}`);
  }
  return process.getBuiltinModule(id) as Builtins[Id];
}
