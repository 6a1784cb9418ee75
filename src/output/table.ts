/**
 * Simple aligned columns, for `brine minions`, `brine key list` and `brine jobs list`.
 *
 * @module
 */
import { paint, type Style, type Tone } from "./style.ts";
import { escapeToLine } from "./terminal.ts";

/** A column: its heading, and where its text sits. */
export interface Column {
  readonly title: string;
  /** @default "left" */
  readonly align?: "left" | "right";
}

/** A cell: text, perhaps with a tone. */
export type Cell = string | { readonly text: string; readonly tone: Tone };

const GAP = "  ";

/** Headings and rows, one a line, nothing cut. No rows: only the headings. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly Cell[])[], style: Style): string {
  const table = rows.map((row) => columns.map((_, at) => readCell(row[at])));
  const widths = columns.map(({ title }, at) => {
    return table.reduce((widest, row) => Math.max(widest, lengthOf(row[at]?.text ?? "")), lengthOf(title));
  });
  const line = (cells: readonly { text: string; tone: Tone | undefined }[]) => {
    return cells.map(({ text, tone }, at) => {
      const isLast = at === cells.length - 1;
      const space = " ".repeat((widths[at] ?? 0) - lengthOf(text));
      const painted = tone === undefined ? text : paint(text, tone, style);
      if (columns[at]?.align === "right") return space + painted;
      return isLast ? painted : painted + space;
    }).join(GAP).trimEnd();
  };
  const heading = line(columns.map(({ title }) => ({ text: title.toUpperCase(), tone: "faint" as const })));
  return [heading, ...table.map(line)].join("\n");
}

/** Text of at most `width` columns, the rest as an ellipsis. */
export function truncate(text: string, width: number): string {
  const chars = [...text];
  return chars.length <= width ? text : `${chars.slice(0, Math.max(0, width - 1)).join("")}…`;
}

function readCell(cell: Cell | undefined): { text: string; tone: Tone | undefined } {
  if (cell === undefined) return { text: "", tone: undefined };
  if (typeof cell === "string") return { text: escapeToLine(cell), tone: undefined };
  return { text: escapeToLine(cell.text), tone: cell.tone };
}

function lengthOf(text: string): number {
  return [...text].length;
}
