// Starts a whole Bluesky network on loopback: directory, account server, view, moderation, and a search service.
// Needs DB_POSTGRES_URL, REDIS_HOST, PORTS (plc,pds,bsky,ozone,search), SEARCH_CAP, LIMITS_FASTER; runs where node_modules is.
const net = require('net')
const path = require('path')
const { createRequire } = require('module')
const { pathToFileURL } = require('url')
const here = createRequire(path.join(process.cwd(), 'index.js'))

// Every server stays on loopback, whatever its own settings say.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (...given) {
  if (typeof given[0] === 'number' && typeof given[1] !== 'string') given.splice(1, 0, '127.0.0.1')
  else if (given[0] && typeof given[0] === 'object' && 'port' in given[0] && !given[0].host) given[0] = { ...given[0], host: '127.0.0.1' }
  return listen.apply(this, given)
}

// Rate limits count as they do in the world, in windows that a test can wait for.
const limits = here('rate-limiter-flexible')
const faster = Number(process.env.LIMITS_FASTER || 1)
const Memory = limits.RateLimiterMemory
limits.RateLimiterMemory = class extends Memory {
  constructor(options, ...rest) {
    super({ ...options, duration: Math.max(1, Math.ceil(options.duration / faster)) }, ...rest)
  }
}

const [plc, pds, bsky, ozone, search] = process.env.PORTS.split(',').map(Number)
const main = async () => {
  await require(path.join(__dirname, 'search.cjs'))(search, here('pg').Pool, Number(process.env.SEARCH_CAP))
  const { TestNetwork, mockMailer } = await import(pathToFileURL(here.resolve('@atproto/dev-env')).href)
  const network = await TestNetwork.create({
    pds: { port: pds, hostname: 'localhost', rateLimitsEnabled: true, enableDidDocWithSession: true, inviteRequired: false },
    bsky: { port: bsky, publicUrl: `http://localhost:${bsky}`, dbPostgresSchema: 'bsky', searchUrl: `http://localhost:${search}` },
    plc: { port: plc },
    ozone: { port: ozone },
    dbPostgresSchema: 'moderation',
  })
  try { mockMailer(network.pds) } catch { /* it sends nothing without a server for mail */ }
  console.log('READY')
}
main().catch((error) => { console.error(error); process.exit(1) })
