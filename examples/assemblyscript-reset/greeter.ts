// greeting.v1.Greeter as one writes AssemblyScript without a thought of who else is served: variables of the program, objects
// that refer to each other, text that nobody frees, on the runtime "incremental" with its collector. Under policy reset each
// request finds all of it as parigot_init left it (docs/reset.md).
import { INVALID_ARGUMENT, Fields, end, fail, piece, reply, textMessage } from "./messages";

class Visit {
  constructor(public name: string, public before: Visit | null) {}
}

let served: u32 = 0;
let latest: Visit | null = null;
const names = new Map<string, u32>();
const words = new Array<string>();

/** A buffer for a message that is about to come. It ends with the request, like everything else. */
export function parigot_alloc(len: u32): usize {
  return __pin(__new(len, idof<ArrayBuffer>()));
}

/** Once: what every request finds. */
export function parigot_init(start: usize, len: u32): usize {
  words.push("hello");
  for (let i = 0; i < 100; i++) names.set(`nobody ${i}`, 1);
  return 0;
}

function remember(name: string): u32 {
  latest = new Visit(name, latest);
  names.set(name, (names.has(name) ? names.get(name) : 0) + 1);
  let visits: u32 = 0;
  let visit = latest;
  while (visit) {
    visits++;
    visit = visit.before;
  }
  served++;
  // The same three times: by the global, by the list on the heap, by the map.
  return served == visits && names.size == 101 ? served : 0;
}

@entry("greeting.v1.Greeter/Hello")
export function hello(state: usize, call: u32, start: usize, len: u32): void {
  const request = new Fields(start, len); // message HelloRequest { string name = 1; }
  let name = "";
  while (request.next())
    if (request.number == 1 && request.wire == 2) name = String.UTF8.decodeUnsafe(request.bytes, <usize>request.size);
  if (!request.ok) fail(call, INVALID_ARGUMENT, "not a HelloRequest");
  else if (name == "") fail(call, INVALID_ARGUMENT, "name is empty");
  else reply(call, textMessage(`${words[0]}, ${name} (no. ${remember(name)})`));
}

@entry("greeting.v1.Greeter/Countdown")
export function countdown(state: usize, call: u32, start: usize, len: u32): void {
  const request = new Fields(start, len); // message CountdownRequest { uint32 from = 1; }
  let from: u32 = 0;
  while (request.next())
    if (request.number == 1 && request.wire == 0) from = <u32>request.value;
  if (!request.ok) fail(call, INVALID_ARGUMENT, "not a CountdownRequest");
  else {
    let n = from;
    while (n > 0 && piece(call, textMessage(`${n} ...`))) n--;
    if (n == 0) end(call);
  }
}
