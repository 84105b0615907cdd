// world.mjs: a small kernel in JavaScript, so that guests can be run on an engine that is not ours, by rules that were
// written a second time from docs/abi.md. Log lines go to stdout; the exit code is that of the main module.
//
//     node world.mjs NAME=FILE.wasm [KEY:VALUE ...]...       the first module is the main one; KEY:VALUE is its config
//
// Serves parigot.log.v1.Log and parigot.clock.v1.Clock itself; every other service is what some module exports.
import { readFileSync } from 'node:fs'

const OK = 0, CANCELLED = 1, INVALID_ARGUMENT = 3, NOT_FOUND = 5, RESOURCE_EXHAUSTED = 8, FAILED_PRECONDITION = 9,
  UNAVAILABLE = 14
const LAST = 1, NO_MESSAGE = 2
const QUEUE = 64, GUARD = 4096

// ---- protobuf, as much as is needed here ----
const varint = n => { n = BigInt(n); const out = []; do { let b = Number(n & 127n); n >>= 7n; out.push(n ? b | 128 : b) } while (n); return out }
const field = (number, bytes) => [...varint(number << 3 | 2), ...varint(bytes.length), ...bytes]
const text = s => [...new TextEncoder().encode(s)]
function* fields(bytes) {
  let at = 0
  const number = () => { let v = 0n, s = 0n, b; do { b = bytes[at++]; v |= BigInt(b & 127) << s; s += 7n } while (b & 128); return v }
  while (at < bytes.length) {
    const tag = Number(number())
    if ((tag & 7) === 0) yield [tag >> 3, number()]
    else { const n = Number(number()); yield [tag >> 3, bytes.subarray(at, at += n)] }
  }
}
const failure = (message, reason) => new Uint8Array([...field(1, text(message)), 2 << 3, reason])

class Exit extends Error { constructor(code) { super('exit'); this.code = code } }
class Killed extends Error {}

// ---- processes ----
class Process {
  constructor(world, name, file, config) {
    Object.assign(this, { world, name, config, served: new Map(), made: new Map(), nextServed: 1, nextMade: 1, inside: null })
    this.module = new WebAssembly.Module(readFileSync(file))
    this.alive = true
  }

  start() {
    const imports = {}
    for (const { module: service, name: method, kind } of WebAssembly.Module.imports(this.module)) {
      if (kind !== 'function') throw new Error(`${this.name}: import of a ${kind}`)
      imports[service] ??= {}
      imports[service][method] = service === 'parigot.kernel.v1.Kernel'
        ? this.kernel(method) : (ptr, len, cookie) => this.call(service, method, ptr, len, cookie)
    }
    this.exports = new WebAssembly.Instance(this.module, imports).exports
    const config = Object.keys(this.config).sort().flatMap(k => field(3, [...field(1, text(k)), ...field(2, text(this.config[k]))]))
    const init = new Uint8Array([1 << 3, 1, ...field(2, text(this.name)), ...config])
    this.enter('parigot_init', init, (ptr, len) => { this.state = this.exports.parigot_init(ptr, len) })
  }

  // One entry, with a message or without. What ends the process ends here.
  enter(what, message, run) {
    if (!this.alive) return false
    try {
      let ptr = 0
      if (message.length) {
        this.inside = 'alloc'
        ptr = this.exports.parigot_alloc(message.length) >>> 0
        if (!ptr) return false
        this.memory(ptr, message.length).set(message)
      }
      this.inside = what
      run(ptr, message.length)
    } catch (e) {
      if (!(e instanceof Exit)) console.log(`[${this.name}] killed in ${what}: ${e.message}`)
      this.end(e instanceof Exit ? e.code : 134)
    } finally {
      this.inside = null
    }
    return true
  }

  end(code) {
    this.alive = false
    this.code = code
    for (const call of this.served.values()) call.finish(UNAVAILABLE, failure(`${this.name} has ended`, 1))
    for (const call of this.made.values()) call.ended(CANCELLED)
  }

  memory(ptr, len) {
    const buffer = this.exports.memory.buffer
    ptr >>>= 0; len >>>= 0
    if (len && (ptr < GUARD || ptr + len > buffer.byteLength)) throw new Killed('message outside memory')
    return new Uint8Array(buffer, len ? ptr : 0, len)
  }

  call(service, method, ptr, len, cookie) {
    if (this.inside === 'alloc') return -FAILED_PRECONDITION
    const message = this.memory(ptr, len).slice()
    const id = this.nextMade++
    const call = new Call(this.world, this, id, cookie)
    this.made.set(id, call)
    this.world.send(call, service, method, message)
    return id
  }

  kernel(method) {
    const served = id => this.served.get(id)
    const made = id => this.made.get(id)
    return {
      Reply: (id, ptr, len, flags) => {
        const call = served(id)
        if (!call) return -NOT_FOUND
        if (flags & ~3 || (flags & NO_MESSAGE && (!(flags & LAST) || len))) return -INVALID_ARGUMENT
        const message = this.memory(ptr, len).slice()
        if (call.over) return -CANCELLED
        if (call.waiting >= QUEUE) { call.full = true; return -RESOURCE_EXHAUSTED }
        call.piece(message, flags)
        return 0
      },
      Fail: (id, status, ptr, len) => {
        const call = served(id)
        if (!call) return -NOT_FOUND
        if (status < 1 || status > 16) return -INVALID_ARGUMENT
        const message = this.memory(ptr, len).slice()
        if (call.over) return -CANCELLED
        call.finish(status, message)
        return 0
      },
      Cancel: id => {
        if (!made(id)) return -NOT_FOUND
        made(id).cancel(CANCELLED)
        return 0
      },
      Deadline: (id, ms) => {
        if (!made(id)) return -NOT_FOUND
        made(id).deadline(ms)
        return 0
      },
      Exit: code => { throw new Exit(code) }
    }[method]
  }
}

// ---- calls ----
class Call {
  constructor(world, caller, id, cookie) {
    Object.assign(this, { world, caller, id, cookie, waiting: 0, full: false, over: false, done: false })
    world.open++
  }

  // The provider's side is over; the last result is on its way.
  close() {
    this.over = true
    this.provider?.served.delete(this.served)
    clearTimeout(this.timer)
    this.world.open--
  }

  result(status, message, flags) {
    this.waiting++
    this.world.post(() => {
      this.waiting--
      if (flags & LAST) { this.done = true; this.caller.made.delete(this.id) }
      if (this.full && this.waiting <= QUEUE / 2) { this.full = false; this.event(2) }
      if (!this.cookie) return
      const run = (ptr, len) => this.caller.exports.parigot_result(this.caller.state, this.cookie, status, ptr, len, flags)
      if (!this.caller.enter('parigot_result', message, run) && this.caller.alive)
        this.caller.enter('parigot_result', new Uint8Array(), (p, n) =>
          this.caller.exports.parigot_result(this.caller.state, this.cookie, RESOURCE_EXHAUSTED, 0, 0, LAST))
    })
  }

  piece(message, flags) {
    if (flags & LAST) this.close()
    this.result(OK, message, flags)
  }

  finish(status, message) {
    if (this.over) return
    this.close()
    this.result(status, message, LAST)
  }

  // Ended from the caller's side: the provider is told, and may still ask until it knows.
  cancel(status) {
    if (this.over) return
    this.ended(status)
    this.result(status, new Uint8Array(), LAST)
  }

  ended() {
    if (this.over) return
    const { provider, served } = this
    this.over = true
    clearTimeout(this.timer)
    this.world.open--
    if (provider) this.world.post(() => { this.event(1); provider.served.delete(served) })
  }

  event(kind) {
    const p = this.provider
    if (p?.exports?.parigot_event) p.enter('parigot_event', new Uint8Array(), () => p.exports.parigot_event(p.state, kind, this.served))
  }

  deadline(ms) {
    const at = Date.now() + ms
    if (this.at !== undefined && this.at <= at) return
    this.at = at
    clearTimeout(this.timer)
    this.timer = setTimeout(() => { this.cancel(4); this.world.run() }, ms)
  }
}

// ---- the world ----
class World {
  constructor() { Object.assign(this, { processes: [], mailbox: [], open: 0 }) }
  post(entry) { this.mailbox.push(entry) }

  send(call, service, method, message) {
    const name = `${service}/${method}`
    if (name === 'parigot.log.v1.Log/Write') {
      let line = ''
      for (const [n, v] of fields(message)) if (n === 2) line = new TextDecoder('utf-8', { fatal: true }).decode(v)
      console.log(`[${call.caller.name}] ${line}`)
      return call.piece(new Uint8Array(), LAST)
    }
    if (name === 'parigot.clock.v1.Clock/Now') {
      const now = BigInt(Date.now()) * 1000000n
      return call.piece(new Uint8Array([1 << 3, ...varint(now), 2 << 3, ...varint(process.hrtime.bigint())]), LAST)
    }
    if (name === 'parigot.clock.v1.Clock/Sleep') {
      let ns = 0n
      for (const [n, v] of fields(message)) if (n === 1) ns = v
      setTimeout(() => {
        if (!call.over) call.piece(new Uint8Array([1 << 3, ...varint(process.hrtime.bigint())]), LAST)
        this.run()
      }, Number(ns / 1000000n))
      return
    }
    const provider = this.processes.find(p => p.exports?.[name])
    if (!provider) return call.finish(UNAVAILABLE, failure(`nobody provides ${service}`, 4))
    call.provider = provider
    call.served = provider.nextServed++
    provider.served.set(call.served, call)
    this.post(() => {
      if (!provider.alive) return call.finish(UNAVAILABLE, failure(`${provider.name} has ended`, 1))
      if (!provider.enter(name, message, (ptr, len) => provider.exports[name](provider.state, call.served, ptr, len)))
        call.finish(RESOURCE_EXHAUSTED, failure('no memory for the request', 3))
    })
  }

  run() {
    const main = this.processes[0]
    while (main.alive && this.mailbox.length) this.mailbox.shift()()
    if (!main.alive || !this.open) process.exit(main.code ?? 0)
  }
}

const world = new World()
for (const argument of process.argv.slice(2)) {
  const at = argument.indexOf('='), colon = argument.indexOf(':')
  if (at < 0 && colon > 0) world.processes.at(-1).config[argument.slice(0, colon)] = argument.slice(colon + 1)
  else world.processes.push(new Process(world, argument.slice(0, at), argument.slice(at + 1), {}))
}
for (const p of [...world.processes].reverse()) p.start()
world.run()
