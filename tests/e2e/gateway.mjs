// A demo gateway for the end-to-end tests: synthetic people, a free port, a folder that goes when the gateway ends.

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const START_MS = 180_000;
const STOP_MS = 30_000;

/** Starts `padan demo` and waits until it says where its pages are. */
export async function startDemo(program, persons) {
  const folder = await mkdtemp(path.join(tmpdir(), 'padan-e2e-'));
  const dir = path.join(folder, 'demo');
  const child = spawn(program, ['demo', '--persons', String(persons), '--dir', dir], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise((resolve) => {
    child.on('error', (error) => resolve(`could not be started: ${error.message}`));
    child.on('exit', (code, signal) => resolve(code ?? signal));
  });
  // Should this script end in any other way than through stop(), the gateway ends with it.
  const abandon = () => child.kill('SIGKILL');
  process.once('exit', abandon);

  const stop = async () => {
    child.kill('SIGINT');
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    const code = await ended;
    clearTimeout(late);
    process.removeListener('exit', abandon);
    await rm(folder, { recursive: true, force: true });
    return code;
  };

  try {
    const { address, code, agency, auditor } = await told(child.stderr, ended);
    return { address, code, agency, auditor, dir, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Reads address and access code from what the demo says; the rest of it is kept for the error message. */
function told(stderr, ended) {
  return new Promise((resolve, reject) => {
    let text = '';
    const fail = (why) => reject(new Error(`the demo ${why}; it said:\n${text}`));
    const late = setTimeout(() => fail(`was not ready after ${START_MS / 1000} s`), START_MS);
    ended.then((code) => fail(`ended early (${code})`));
    stderr.setEncoding('utf8');
    stderr.on('data', (piece) => {
      text += piece;
      const address = /pages are open at (https:\/\/[^/\s]+)\//.exec(text)?.[1];
      const code = /access code: (\S+)\s/.exec(text)?.[1];
      const agency = /sign in with its code: (\S+)\s/.exec(text)?.[1];
      const auditor = /auditor's code: (\S+)\s/.exec(text)?.[1];
      if (address && code && agency && auditor) {
        clearTimeout(late);
        resolve({ address, code, agency, auditor });
      }
    });
  });
}
