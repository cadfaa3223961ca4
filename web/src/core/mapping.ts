/** A mapping as `anju import` reads it (docs/formats.md): only what differs from what the program saw by itself. */
export interface SheetSeen {
  sheet: string
  header_row: number
  columns: { letter: string; code: string }[]
}

export function mappingText(seen: SheetSeen, list: string, headerRow: number, codes: Record<string, string>, several: boolean): string {
  const moved = headerRow > 0 && headerRow !== seen.header_row
  const columns: Record<string, string> = {}
  for (const { letter, code } of seen.columns) {
    const wanted = codes[letter] ?? ''
    if (wanted !== code || (moved && wanted)) columns[letter] = wanted // another header row: everything is read anew
  }
  return JSON.stringify({ list, ...(several ? { sheet: seen.sheet } : {}), ...(moved ? { header_row: headerRow } : {}), columns })
}
