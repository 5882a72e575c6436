// Whether a file can be written, asked before the work and not after it.
import { GlmmcError } from '../../samplers/errors.js';

/**
 * @param owner what people typed, as in `report()` or `--html`
 * @throws GlmmcError `unwritable` where `path` is a folder, or cannot be made or replaced
 */
export async function requireWritable(owner: string, path: string): Promise<void> {
  // Imported here so that the rest of the package loads in a browser.
  const { constants } = await import('node:fs');
  const { access, stat } = await import('node:fs/promises');
  const { dirname } = await import('node:path');
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) {
    throw new GlmmcError(
      'unwritable',
      `${owner} ${path}: expected a file to write, found a folder; name a file in it`,
    );
  }
  const folder = dirname(path);
  await access(found ? path : folder, constants.W_OK).catch(() => {
    throw new GlmmcError(
      'unwritable',
      found
        ? `${owner} ${path}: the file cannot be written; choose another name`
        : `${owner} ${path}: cannot write to the folder '${folder}'; make it first`,
    );
  });
  if (!found && !(await stat(folder)).isDirectory()) {
    throw new GlmmcError('unwritable', `${owner} ${path}: '${folder}' is a file, not a folder`);
  }
}
