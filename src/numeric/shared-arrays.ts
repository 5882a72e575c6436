// Arrays that worker threads can read without a copy, where there are enough numbers for threads to be worth it.
import { hasBuiltins } from './builtin.js';

/** Below this length an array is a plain one. */
const SHARED_FROM = 50_000;

/** `length` zeros, shared between threads where they are at least `from` and the platform allows it. */
export function sharedNumbers(length: number, from: number = SHARED_FROM): Float64Array {
  return new Float64Array(bufferOf(8 * length, length >= from));
}

/** The same for whole numbers below 2^31. */
export function sharedIntegers(length: number, from: number = SHARED_FROM): Int32Array {
  return new Int32Array(bufferOf(4 * length, length >= from));
}

export function isShared(array: ArrayBufferView): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && array.buffer instanceof SharedArrayBuffer;
}

function bufferOf(bytes: number, many: boolean): ArrayBufferLike {
  // Without Node there are no threads to share with.
  const shared = many && hasBuiltins() && typeof SharedArrayBuffer !== 'undefined';
  return shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
}
