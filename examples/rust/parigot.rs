//! The border of a module (docs/abi.md) for Rust without its standard library: memory, messages, replies.
//!
//! Nothing here is a variable: all that lives between two entries lies in the heap, behind the pointer that `parigot_init`
//! returned. The allocator's own root is the heap control block, the one fixed address that a strict module may write.
use core::{fmt, mem, ptr, slice};

// ---- memory: free lists of powers of two, in the 256 bytes of the control block, which are zero at the start ----

const CLASSES: usize = 32;
const SMALLEST: usize = 16;
const PAGE: usize = 65536;

#[repr(C)]
struct Control {
    free: [*mut Free; CLASSES],
    end: usize, // of what has been handed out; 0: nothing was
}
#[repr(C)]
struct Free {
    next: *mut Free,
}

extern "C" {
    #[link_name = "__parigot_heap_control"]
    static mut CONTROL: Control;
}

fn class_of(len: usize) -> usize {
    (usize::BITS - (len.max(SMALLEST) - 1).leading_zeros()) as usize
}

/// Null when there is no memory left.
fn allocate(len: usize) -> *mut u8 {
    let class = class_of(len);
    if class >= CLASSES - 1 {
        return ptr::null_mut();
    }
    unsafe {
        let control = ptr::addr_of_mut!(CONTROL);
        let first = (*control).free[class];
        if !first.is_null() {
            (*control).free[class] = (*first).next;
            return first.cast();
        }
        let size = 1usize << class;
        let start = if (*control).end == 0 { control as usize + 256 } else { (*control).end };
        let end = match start.checked_add(size) {
            Some(end) => end,
            None => return ptr::null_mut(),
        };
        let have = core::arch::wasm32::memory_size(0) * PAGE;
        if end > have && core::arch::wasm32::memory_grow(0, (end - have + PAGE - 1) / PAGE) == usize::MAX {
            return ptr::null_mut();
        }
        (*control).end = end;
        start as *mut u8
    }
}

unsafe fn release(start: *mut u8, len: usize) {
    let class = class_of(len);
    let control = ptr::addr_of_mut!(CONTROL);
    let block: *mut Free = start.cast();
    (*block).next = (*control).free[class];
    (*control).free[class] = block;
}

#[export_name = "parigot_alloc"]
extern "C" fn alloc_message(len: usize) -> *mut u8 {
    allocate(len)
}

/// The state of a program: made once, by parigot_init.
pub fn new_state<T>(value: T) -> *mut T {
    let place: *mut T = allocate(mem::size_of::<T>()).cast();
    assert!(!place.is_null());
    unsafe { place.write(value) };
    place
}

/// Bytes that are freed when it goes: a message that came, or one that is being written. Out of memory ends the program.
pub struct Buffer {
    start: *mut u8,
    len: usize,
    room: usize,
}

impl Buffer {
    pub fn new() -> Buffer {
        Buffer { start: ptr::null_mut(), len: 0, room: 0 }
    }
    /// # Safety
    /// `start` and `len` are what the kernel gave to an entry.
    pub unsafe fn message(start: *mut u8, len: usize) -> Buffer {
        Buffer { start, len, room: len }
    }
    pub fn bytes(&self) -> &[u8] {
        if self.len == 0 { &[] } else { unsafe { slice::from_raw_parts(self.start, self.len) } }
    }
    pub fn push(&mut self, more: &[u8]) {
        let len = self.len + more.len();
        if len > self.room {
            let room = len.next_power_of_two().max(SMALLEST);
            let start = allocate(room);
            assert!(!start.is_null());
            unsafe { ptr::copy_nonoverlapping(self.start, start, self.len) };
            drop(mem::replace(self, Buffer { start, len: self.len, room }));
        }
        unsafe { ptr::copy_nonoverlapping(more.as_ptr(), self.start.add(self.len), more.len()) };
        self.len = len;
    }
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.push(&[value as u8 | 0x80]);
            value >>= 7;
        }
        self.push(&[value as u8]);
    }
    /// A field of a protobuf message: a string, bytes, or a message.
    pub fn field(&mut self, number: u32, value: &[u8]) {
        self.varint(u64::from(number) << 3 | 2);
        self.varint(value.len() as u64);
        self.push(value);
    }
}
impl Drop for Buffer {
    fn drop(&mut self) {
        if self.room > 0 {
            unsafe { release(self.start, self.room) };
        }
    }
}
impl fmt::Write for Buffer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

// ---- messages ----

pub enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Fixed,
}

/// The fields of a protobuf message, in order; `None` in place of a field: it is not one.
pub struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, len: u64) -> Option<&'a [u8]> {
        if len > self.0.len() as u64 {
            return None;
        }
        let (taken, rest) = self.0.split_at(len as usize);
        self.0 = rest;
        Some(taken)
    }
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
    fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Value::Number(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed)?,
            2 => {
                let len = self.varint()?;
                Value::Bytes(self.take(len)?)
            }
            5 => self.take(4).map(|_| Value::Fixed)?,
            _ => return None,
        };
        Some((key >> 3, value))
    }
}
impl<'a> Iterator for Fields<'a> {
    type Item = Option<(u64, Value<'a>)>;
    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field)
    }
}

// ---- calls ----

#[link(wasm_import_module = "parigot.kernel.v1.Kernel")]
extern "C" {
    #[link_name = "Reply"]
    fn kernel_reply(call: u32, start: *const u8, len: usize, flags: u32) -> i32;
    #[link_name = "Fail"]
    fn kernel_fail(call: u32, status: u32, start: *const u8, len: usize) -> i32;
}

const LAST: u32 = 1;
const NO_MESSAGE: u32 = 2;
pub const INVALID_ARGUMENT: u32 = 3;

/// A request that is being served: it ends by a last reply, or by a failure.
pub struct Call(pub u32);

impl Call {
    pub fn reply(self, message: &Buffer) {
        let bytes = message.bytes();
        unsafe { kernel_reply(self.0, bytes.as_ptr(), bytes.len(), LAST) };
    }
    /// A piece of a reply that has several. false: nobody wants more, or the queue is full.
    pub fn piece(&self, message: &Buffer) -> bool {
        let bytes = message.bytes();
        unsafe { kernel_reply(self.0, bytes.as_ptr(), bytes.len(), 0) == 0 }
    }
    pub fn end(self) {
        unsafe { kernel_reply(self.0, ptr::null(), 0, LAST | NO_MESSAGE) };
    }
    pub fn fail(self, status: u32, why: &str) {
        let mut failure = Buffer::new();
        failure.field(1, why.as_bytes());
        let bytes = failure.bytes();
        unsafe { kernel_fail(self.0, status, bytes.as_ptr(), bytes.len()) };
    }
}
