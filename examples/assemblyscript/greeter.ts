// greeting.v1.Greeter in AssemblyScript: examples/greeting/greeter.c, line by line. Text is put together by +: a template
// literal would have its parts in a static array, which is written each time (P104).
import { INVALID_ARGUMENT, Fields, end, fail, piece, reply, textMessage } from "./messages";
import { keep } from "./parigot";
export { parigot_alloc } from "./parigot";

@unmanaged class State {
  served: u32;
}

export function parigot_init(start: usize, len: u32): usize {
  const state = keep(offsetof<State>()); // module name, config, limits: nothing of the message is needed
  memory.fill(state, 0, offsetof<State>());
  return state;
}

@entry("greeting.v1.Greeter/Hello")
export function hello(state: State, call: u32, start: usize, len: u32): void {
  const request = new Fields(start, len); // message HelloRequest { string name = 1; }
  let name = "";
  while (request.next())
    if (request.number == 1 && request.wire == 2) name = String.UTF8.decodeUnsafe(request.bytes, <usize>request.size);
  if (!request.ok) fail(call, INVALID_ARGUMENT, "not a HelloRequest");
  else if (name == "") fail(call, INVALID_ARGUMENT, "name is empty");
  else {
    state.served++;
    reply(call, textMessage("hello, " + name + " (no. " + state.served.toString() + ")"));
  }
  keep(offsetof<State>());
}

@entry("greeting.v1.Greeter/Countdown")
export function countdown(state: State, call: u32, start: usize, len: u32): void {
  const request = new Fields(start, len); // message CountdownRequest { uint32 from = 1; }
  let from: u32 = 0;
  while (request.next())
    if (request.number == 1 && request.wire == 0) from = <u32>request.value;
  if (!request.ok) fail(call, INVALID_ARGUMENT, "not a CountdownRequest");
  else {
    let n = from;
    while (n > 0 && piece(call, textMessage(n.toString() + " ..."))) n--;
    if (n == 0) end(call);
  }
  keep(offsetof<State>());
}
