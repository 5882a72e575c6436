// Files opened with one clear error.
import { GlmmcError, nearestName } from '../../samplers/errors.js';
import { describe } from '../../samplers/options.js';
import { builtin } from '../numeric/builtin.js';

/** What a reader that takes a path or the bytes themselves was given. */
export type FileSource = string | URL | Uint8Array | ArrayBuffer;

/** What to do in a browser. */
export const BYTES =
  'files are read by Node alone; give parseCsv() the text, readParquet() and readArrow() the bytes';

/** The bytes of a file. @throws GlmmcError `file-not-found`, `unreadable-file`, `needs-node` */
export async function readBytes(owner: string, path: string | URL): Promise<Uint8Array> {
  requirePath(owner, path);
  const { readFile } = builtin('node:fs/promises', BYTES);
  return readFile(path).catch(async (error) => {
    throw await fileError(path, error as NodeJS.ErrnoException);
  });
}

/** The first bytes of a file, fewer where it is shorter. @throws GlmmcError as `readBytes` */
export async function firstBytes(owner: string, path: string | URL, count: number): Promise<Uint8Array> {
  requirePath(owner, path);
  const { open } = builtin('node:fs/promises', BYTES);
  try {
    const file = await open(path);
    try {
      const { bytesRead, buffer } = await file.read(new Uint8Array(count), 0, count, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw await fileError(path, error as NodeJS.ErrnoException);
  }
}

/** The size of a file in bytes. @throws GlmmcError as `readBytes` */
export async function fileSize(owner: string, path: string | URL): Promise<number> {
  requirePath(owner, path);
  const { stat } = builtin('node:fs/promises', BYTES);
  const found = await stat(path).catch(async (error) => {
    throw await fileError(path, error as NodeJS.ErrnoException);
  });
  if (found.isDirectory()) throw new GlmmcError('unreadable-file', `cannot read '${path}': it is a folder`);
  return found.size;
}

/** @throws GlmmcError `unreadable-file` for what is no path */
export function requirePath(owner: string, path: unknown): asserts path is string | URL {
  if (typeof path === 'string' || path instanceof URL) return;
  throw new GlmmcError('unreadable-file', `${owner} takes the path of a file, found ${describe(path)}`);
}

/** A missing file with the nearest name beside it; any other failure with the system's reason. */
export async function fileError(path: string | URL, error: NodeJS.ErrnoException): Promise<GlmmcError> {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') {
    const reason = error.code === 'EISDIR' ? 'it is a folder' : error.message;
    return new GlmmcError('unreadable-file', `cannot read '${path}': ${reason}`);
  }
  const { readdir } = builtin('node:fs/promises', BYTES);
  const { basename, dirname, join } = builtin('node:path', BYTES);
  const { fileURLToPath } = builtin('node:url', BYTES);
  const name = typeof path === 'string' ? path : fileURLToPath(path);
  const folder = dirname(name);
  const beside = await readdir(folder).catch(() => undefined);
  if (beside === undefined)
    return new GlmmcError('file-not-found', `no file '${path}': there is no folder '${folder}'`);
  const near = nearestName(basename(name), beside);
  return new GlmmcError(
    'file-not-found',
    `no file '${path}'${near === undefined ? '; check the path' : `; did you mean '${join(folder, near)}'?`}`,
  );
}
