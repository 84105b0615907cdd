//! greeting.v1.Greeter in Rust without its standard library: examples/greeting/greeter.c, line by line.
#![no_std]

mod parigot;

use core::fmt::Write;
use parigot::{Buffer, Call, Fields, Value, INVALID_ARGUMENT};

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}

pub struct State {
    served: u32,
}

#[export_name = "parigot_init"]
pub unsafe extern "C" fn init(start: *mut u8, len: usize) -> *mut State {
    drop(Buffer::message(start, len)); // module name, config, limits: nothing of it is needed
    parigot::new_state(State { served: 0 })
}

/// message HelloRequest { string name = 1; }
fn name_of(request: &[u8]) -> Option<&str> {
    let mut name: &[u8] = b"";
    for field in Fields(request) {
        if let (1, Value::Bytes(bytes)) = field? {
            name = bytes;
        }
    }
    core::str::from_utf8(name).ok()
}

/// message CountdownRequest { uint32 from = 1; }
fn from_of(request: &[u8]) -> Option<u32> {
    let mut from = 0;
    for field in Fields(request) {
        if let (1, Value::Number(number)) = field? {
            from = number as u32;
        }
    }
    Some(from)
}

/// message HelloReply { string text = 1; }
fn hello_reply(text: core::fmt::Arguments) -> Buffer {
    let mut line = Buffer::new();
    let _ = line.write_fmt(text);
    let mut reply = Buffer::new();
    reply.field(1, line.bytes());
    reply
}

#[export_name = "greeting.v1.Greeter/Hello"]
pub unsafe extern "C" fn hello(state: &mut State, call: u32, start: *mut u8, len: usize) {
    let (request, call) = (Buffer::message(start, len), Call(call));
    match name_of(request.bytes()) {
        None => call.fail(INVALID_ARGUMENT, "not a HelloRequest"),
        Some("") => call.fail(INVALID_ARGUMENT, "name is empty"),
        Some(name) => {
            state.served += 1;
            call.reply(&hello_reply(format_args!("hello, {} (no. {})", name, state.served)));
        }
    }
}

#[export_name = "greeting.v1.Greeter/Countdown"]
pub unsafe extern "C" fn countdown(_: &mut State, call: u32, start: *mut u8, len: usize) {
    let (request, call) = (Buffer::message(start, len), Call(call));
    let from = match from_of(request.bytes()) {
        None => return call.fail(INVALID_ARGUMENT, "not a CountdownRequest"),
        Some(from) => from,
    };
    for n in (1..=from).rev() {
        if !call.piece(&hello_reply(format_args!("{} ...", n))) {
            return;
        }
    }
    call.end();
}
