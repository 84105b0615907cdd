// Messages and calls (docs/abi.md) for AssemblyScript, whatever its runtime.

@external("parigot.kernel.v1.Kernel", "Reply")
declare function kernelReply(call: u32, start: usize, len: u32, flags: u32): i32;
@external("parigot.kernel.v1.Kernel", "Fail")
declare function kernelFail(call: u32, status: u32, start: usize, len: u32): i32;

const LAST: u32 = 1;
const NO_MESSAGE: u32 = 2;
export const INVALID_ARGUMENT: u32 = 3;

// ---- messages ----

/** The fields of a protobuf message, one after the other: `while (fields.next())`, then `ok`. */
export class Fields {
  number: u64 = 0;
  value: u64 = 0; // of a number
  bytes: usize = 0; // of a string, bytes or a message: where, and
  size: u64 = 0; // how many; 0 for numbers
  wire: u32 = 0;
  ok: bool = true;
  private at: usize;
  private end: usize;

  constructor(start: usize, len: u32) {
    this.at = start;
    this.end = start + len;
  }

  private varint(): u64 {
    let value: u64 = 0;
    for (let shift: u64 = 0; shift < 64; shift += 7) {
      if (this.at == this.end) break;
      const byte = load<u8>(this.at++);
      value |= (<u64>byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    this.ok = false;
    return 0;
  }

  private skip(size: u64): void {
    if (size > this.end - this.at) this.ok = false;
    else this.at += <usize>size;
  }

  next(): bool {
    if (!this.ok || this.at == this.end) return false;
    const key = this.varint();
    this.number = key >> 3;
    this.wire = <u32>key & 7;
    this.size = 0;
    switch (this.wire) {
      case 0: this.value = this.varint(); break;
      case 1: this.skip(8); break;
      case 2:
        this.size = this.varint();
        this.bytes = this.at;
        this.skip(this.size);
        break;
      case 5: this.skip(4); break;
      default: this.ok = false;
    }
    return this.ok;
  }
}

/** A message of one string, its field 1. */
export function textMessage(text: string): ArrayBuffer {
  const utf8 = String.UTF8.encode(text);
  let head = 1, rest = utf8.byteLength;
  do head++, rest >>= 7; while (rest);
  const message = new ArrayBuffer(head + utf8.byteLength);
  let at = changetype<usize>(message);
  store<u8>(at++, 1 << 3 | 2);
  for (rest = utf8.byteLength; rest >= 0x80; rest >>= 7) store<u8>(at++, <u8>rest | 0x80);
  store<u8>(at++, <u8>rest);
  memory.copy(at, changetype<usize>(utf8), utf8.byteLength);
  return message;
}

// ---- calls ----

/** Ends the call. */
export function reply(call: u32, message: ArrayBuffer): void {
  kernelReply(call, changetype<usize>(message), message.byteLength, LAST);
}

/** A piece of a reply that has several. false: nobody wants more, or the queue is full. */
export function piece(call: u32, message: ArrayBuffer): bool {
  return kernelReply(call, changetype<usize>(message), message.byteLength, 0) == 0;
}

/** Ends a call whose reply came in pieces. */
export function end(call: u32): void {
  kernelReply(call, 0, 0, LAST | NO_MESSAGE);
}

export function fail(call: u32, status: u32, why: string): void {
  const failure = textMessage(why);
  kernelFail(call, status, changetype<usize>(failure), failure.byteLength);
}
