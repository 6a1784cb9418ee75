/**
 * Writes many ids in few characters: `web[01-12,14]`. Linear in the number of ids but for one sort, because ten
 * thousand answers are folded while somebody waits.
 *
 * One dimension folds: of the last digit runs of ids that look alike, the one that leaves the fewest groups, and
 * among equals the last. So `web01.dc2,web02.dc2` becomes `web[01-02].dc2`.
 *
 * @module
 */
import { MAX_RANGE_DIGITS } from "./limits.ts";
import { compareNatural } from "./natural_order.ts";
import { formatNumber } from "./number_range.ts";

/** How many digit runs, from the end, are tried: bounds the work for ids that are mostly digits. */
const MAX_DIMENSIONS = 8;

/** An id cut at its digit runs: odd pieces are digits. */
type Pieces = readonly string[];

/** Ids that differ in one digit run only. */
interface Group {
  readonly before: string;
  readonly after: string;
  readonly digits: string[];
}

/** The folded text, groups in natural order. */
export function foldNodes(ids: Iterable<string>): string {
  const groups: Group[] = [];
  for (const alike of groupBySkeleton(ids)) groups.push(...groupByBestRun(alike));
  return groups
    .map((group) => {
      const sorted = group.digits.sort(compareDigits);
      return { first: `${group.before}${sorted[0] ?? ""}${group.after}`, text: formatGroup(group, sorted) };
    })
    .sort((a, b) => compareNatural(a.first, b.first))
    .map((group) => group.text)
    .join(",");
}

/** Ids with the same text around the same number of digit runs. */
function groupBySkeleton(ids: Iterable<string>): Iterable<Pieces[]> {
  const groups = new Map<string, Pieces[]>();
  for (const id of ids) {
    const pieces = id.split(/(\d+)/);
    let skeleton = "";
    for (let at = 0; at < pieces.length; at += 2) skeleton += `${pieces[at]}\0`;
    const group = groups.get(skeleton);
    if (group) group.push(pieces);
    else groups.set(skeleton, [pieces]);
  }
  return groups.values();
}

function groupByBestRun(alike: Pieces[]): readonly Group[] {
  const lastRun = (alike[0]?.length ?? 1) - 2;
  const oldestRun = Math.max(1, lastRun - 2 * (MAX_DIMENSIONS - 1));
  let best: readonly Group[] = [];
  for (let run = lastRun; run >= oldestRun; run -= 2) {
    const groups = groupByOthers(alike, run);
    if (best.length === 0 || groups.length < best.length) best = groups;
    if (best.length === 1) break;
  }
  return best.length > 0 ? best : alike.map((pieces) => ({ before: pieces.join(""), after: "", digits: [""] }));
}

function groupByOthers(alike: Pieces[], run: number): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const pieces of alike) {
    const before = pieces.slice(0, run).join("");
    const after = pieces.slice(run + 1).join("");
    const key = `${before}\0${after}`;
    const digits = pieces[run] ?? "";
    const group = groups.get(key);
    if (group) group.digits.push(digits);
    else groups.set(key, { before, after, digits: [digits] });
  }
  return [...groups.values()];
}

/** By width, then by value, so that numbers which follow one another stand side by side. */
function compareDigits(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

function formatGroup({ before, after }: Group, sorted: readonly string[]): string {
  const ranges: string[] = [];
  const long: string[] = [];
  let first = "";
  let last = "";
  const close = () => {
    if (first !== "") ranges.push(first === last ? first : `${first}-${last}`);
  };
  for (const digits of sorted) {
    if (digits.length > MAX_RANGE_DIGITS || digits === "") {
      long.push(`${before}${digits}${after}`);
      continue;
    }
    if (first === "" || digits !== formatNumber(Number(last) + 1, first.length)) {
      close();
      first = digits;
    }
    last = digits;
  }
  close();
  const [only] = ranges;
  if (ranges.length > 1 || only?.includes("-")) long.unshift(`${before}[${ranges.join(",")}]${after}`);
  else if (only !== undefined) long.unshift(`${before}${only}${after}`);
  return long.join(",");
}
