// Search as the network's own service gives it, over the view's table: since, until, words, tags, newest first, a cursor that is a
// number, and a ceiling of hits beyond which there is a fault. The real one is not published; its answers are.
const http = require('http')

module.exports = (port, Pool, cap) => new Promise((ready) => {
  const pool = new Pool({ connectionString: process.env.DB_POSTGRES_URL })
  http.createServer(async (request, response) => {
    const send = (status, body) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    }
    try {
      const url = new URL(request.url, 'http://localhost')
      const asked = url.searchParams
      if (!url.pathname.endsWith('/app.bsky.unspecced.searchPostsSkeleton')) return send(404, { error: 'MethodNotImplemented' })
      const where = []
      const values = []
      const add = (condition, value) => { values.push(value); where.push(condition.replaceAll('?', '$' + values.length)) }
      for (const word of (asked.get('q') || '').matchAll(/"([^"]+)"|(\S+)/g)) add('text ilike ?', `%${word[1] || word[2]}%`)
      if (asked.get('since')) add('"sortAt" >= ?', asked.get('since'))
      if (asked.get('until')) add('"sortAt" < ?', asked.get('until'))
      const offset = Number(asked.get('cursor') || 0)
      const limit = Number(asked.get('limit') || 25)
      if (!Number.isInteger(offset) || offset < 0) return send(400, { error: 'BadQueryString', message: 'invalid cursor' })
      if (offset + limit > cap) return send(502, { error: 'UpstreamFailure', message: 'result window too large' })
      const matching = `from bsky.post where ${where.join(' and ') || 'true'}`
      const hits = Number((await pool.query(`select count(*) as n ${matching}`, values)).rows[0].n)
      const rows = (await pool.query(`select uri ${matching} order by "sortAt" desc, cid desc offset ${offset} limit ${limit}`, values)).rows
      const next = offset + rows.length
      const more = rows.length === limit && next < hits && next < cap
      send(200, { posts: rows.map(({ uri }) => ({ uri })), hitsTotal: hits, ...(more ? { cursor: String(next) } : {}) })
    } catch (error) {
      send(500, { error: 'InternalServerError', message: String(error) })
    }
  }).listen(port, '127.0.0.1', ready)
})
