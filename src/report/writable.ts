// Whether a file can be written, asked before the work and not after it.
import { GlmmcError } from '../../samplers/errors.js';
import { builtin } from '../numeric/builtin.js';

/**
 * @param owner what people typed, as in `report()` or `--html`
 * @throws GlmmcError `unwritable` where `path` is a folder, or cannot be made or replaced
 */
export async function requireWritable(owner: string, path: string): Promise<void> {
  const purpose = `${owner} writes a file; take the text instead`;
  const { constants } = builtin('node:fs', purpose);
  const { access, stat } = builtin('node:fs/promises', purpose);
  const { dirname } = builtin('node:path', purpose);
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
