/**
 * The order in which people list machines: web2 before web10, web1 before web01.
 *
 * @module
 */

const ZERO = 48;

function isDigit(code: number): boolean {
  return code >= ZERO && code <= 57;
}

function endOfDigits(text: string, from: number): number {
  let end = from;
  while (isDigit(text.charCodeAt(end))) end++;
  return end;
}

function skipZeros(text: string, from: number, end: number): number {
  let at = from;
  while (at < end - 1 && text.charCodeAt(at) === ZERO) at++;
  return at;
}

/** Orders by value where both texts have digits, by character elsewhere; 0 only for equal texts. */
export function compareNatural(left: string, right: string): number {
  let l = 0;
  let r = 0;
  while (l < left.length && r < right.length) {
    const leftCode = left.charCodeAt(l);
    const rightCode = right.charCodeAt(r);
    if (!isDigit(leftCode) || !isDigit(rightCode)) {
      if (leftCode !== rightCode) return leftCode - rightCode;
      l++;
      r++;
      continue;
    }
    const leftEnd = endOfDigits(left, l);
    const rightEnd = endOfDigits(right, r);
    const leftDigits = left.slice(skipZeros(left, l, leftEnd), leftEnd);
    const rightDigits = right.slice(skipZeros(right, r, rightEnd), rightEnd);
    if (leftDigits.length !== rightDigits.length) return leftDigits.length - rightDigits.length;
    if (leftDigits !== rightDigits) return leftDigits < rightDigits ? -1 : 1;
    l = leftEnd;
    r = rightEnd;
  }
  const rest = left.length - l - (right.length - r);
  if (rest !== 0) return rest;
  // Equal in value, so they differ in zero padding only: the shorter first.
  return left.length - right.length || (left < right ? -1 : left > right ? 1 : 0);
}
