/**
 * How text may look where it goes.
 *
 * @module
 */

/** What the place that shows the text can do. */
export interface Style {
  /** Whether colours are wanted. */
  readonly colour: boolean;
  /** Columns of a line. */
  readonly width: number;
  /**
   * Whether strings keep their control characters: for text that goes into a pipe, never for a terminal.
   *
   * @default false
   */
  readonly keepControls?: boolean;
}

/** Neither colours nor a narrow screen: what a file or a pipe gets. */
export const PLAIN: Style = { colour: false, width: 80 };

/** What a colour says, not which one it is. */
export type Tone = "success" | "failure" | "missing" | "faint";

const CODES: Readonly<Record<Tone, number>> = { success: 32, failure: 31, missing: 33, faint: 2 };

/** The text in the tone's colour, if colours are wanted. */
export function paint(text: string, tone: Tone, style: Style): string {
  return style.colour && text !== "" ? `\x1b[${CODES[tone]}m${text}\x1b[0m` : text;
}
