// Owns the list twin of the flow: the same files, functions and kinds as text, for phones and screen readers.
import { KindLetter } from '@/components/marks'
import { count } from '@/lib/format'
import { edgeName, type GraphView } from '@/lib/graph-view'
import { useListKeys } from '@/lib/list-keys'
import { languageMark } from '@/lib/usage-kinds'
import { useLineage } from './lineage-context'
import { SymbolName } from './symbol-name'

export function CodeList({ view }: { view: GraphView }) {
  const { pick, chosen } = useLineage()
  const list = useListKeys<HTMLUListElement>()
  const lineOf = (file: string, symbol: string) => view.edges.find((edge) => edge.file_path === file && edge.symbol === symbol)
  return (
    <ul className="twin" ref={list} aria-label="Code that uses these columns">
      {view.files.map((file) => (
        <li key={file.file_path}>
          <h2>
            <span className="lang">{languageMark(file.language)}</span>
            <span className="cut grow">{file.file_path}</span>
            <span className="faint">{count(file.total)}</span>
          </h2>
          <ul>
            {file.symbols.map((one) => {
              const isChosen = chosen?.file_path === file.file_path && (chosen.symbol ?? '') === (one.symbol ?? '')
              const edge = lineOf(file.file_path, one.symbol)
              return (
                <li key={one.symbol} className={isChosen ? 'locked' : undefined}>
                  <button type="button" data-row className="noderow" aria-pressed={isChosen} onClick={() => pick({ file: file.file_path, symbol: one.symbol })}>
                    <SymbolName symbol={one.symbol} />
                    <span className="faint mono small hide-p">{edge && edgeName(edge)}</span>
                    <span className="ks">
                      {one.kinds.map((kind) => (
                        <KindLetter key={kind} kind={kind} />
                      ))}
                    </span>
                    <span className="n small faint">{count(one.total)}</span>
                  </button>
                </li>
              )
            })}
          </ul>
        </li>
      ))}
    </ul>
  )
}
