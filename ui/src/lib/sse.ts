// Owns server-sent events over fetch: EventSource cannot send an Authorization header.

export interface ServerEvent {
  event: string
  data: string
  id: string | null
}

/** An incremental parser: feed it text as it arrives, it answers the events that are complete. */
export function sseParser(): (chunk: string) => ServerEvent[] {
  let rest = ''
  let event = 'message'
  let data: string[] = []
  let id: string | null = null

  const take = (line: string): ServerEvent | null => {
    if (line === '') {
      const ready = data.length > 0 ? { event, data: data.join('\n'), id } : null
      event = 'message'
      data = []
      return ready
    }
    if (line.startsWith(':')) return null
    const colon = line.indexOf(':')
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (name === 'event') event = value
    if (name === 'data') data.push(value)
    if (name === 'id') id = value
    return null
  }

  return (chunk) => {
    const text = rest + chunk
    // A CR at the very end may be the first half of CRLF: it waits for the next chunk.
    const held = text.endsWith('\r') ? '\r' : ''
    const lines = text.slice(0, text.length - held.length).split(/\r\n|\n|\r/)
    rest = (lines.pop() ?? '') + held
    return lines.map(take).filter((ready) => ready !== null)
  }
}

/** Reads one connection to its end; returns the id of the last event, or `lastId` when there was none. */
export async function readEvents(body: ReadableStream<Uint8Array<ArrayBuffer>>, lastId: string | null, onEvent: (event: ServerEvent) => void): Promise<string | null> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  const parse = sseParser()
  let seen = lastId
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return seen
    for (const event of parse(value)) {
      seen = event.id ?? seen
      onEvent(event)
    }
  }
}
