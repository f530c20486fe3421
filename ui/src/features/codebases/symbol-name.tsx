// Owns how a function or method is named; code outside of any has a name too.
export function SymbolName({ symbol }: { symbol: string | null }) {
  return symbol ? <code className="cut grow text-left">{symbol}</code> : <span className="cut grow dim text-left">outside functions</span>
}
