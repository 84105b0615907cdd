// Memory at the border of a module (docs/abi.md) for AssemblyScript's runtime "stub", which hands out memory and never takes
// any back: so each entry ends by giving back all of it but the program's state, which is always the first thing there.

/** Memory for a message that is about to come. 0 when there is none: then the request fails, and the program goes on. */
export function parigot_alloc(len: u32): usize {
  const next = __alloc(0); // where memory goes on
  __free(next);
  const wanted = <u64>next + <u64>len + 64, have = <u64>memory.size() << 16;
  if (wanted > have && memory.grow(<i32>((wanted - have + 0xffff) >> 16)) < 0) return 0;
  return __alloc(len);
}

/** The end of an entry: only `bytes` of state stay. Where they are. */
export function keep(bytes: usize): usize {
  heap.reset();
  return __alloc(bytes);
}
