import { open, realpath, rename, rm, stat } from 'node:fs/promises';

/**
 * Replaces a file in one step: a reader, or a crash, finds the old content or the new and never a part. Who may read it stays,
 * and a link stays a link.
 *
 * @throws NodeJS.ErrnoException when the folder cannot be written
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const old = await stat(target).catch(() => null);
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(text);
      if (old !== null) {
        // Only root may give a file away; for all others it is theirs already, or it cannot be helped.
        await file.chown(old.uid, old.gid).catch(() => undefined);
        await file.chmod(old.mode & 0o777);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
