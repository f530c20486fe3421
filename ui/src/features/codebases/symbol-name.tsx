// Owns how a function or method is named; when it is too long its class gives way first.
export function SymbolName({ symbol }: { symbol: string | null }) {
  if (!symbol) return <span className="cut grow dim text-left">outside functions</span>
  const dot = symbol.lastIndexOf('.') + 1
  return (
    <code className="symbol" title={symbol}>
      {dot > 0 && <span className="cut">{symbol.slice(0, dot)}</span>}
      <span className="cut">{symbol.slice(dot)}</span>
    </code>
  )
}
