//! Loopback ports for brokers.
//!
//! They are taken below the range from which the kernel picks ports for outgoing connections. A port of that range
//! could be lost while its broker is down, even to a client's own attempt to reach that broker.

use std::net::{Ipv4Addr, TcpListener};
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};

const FIRST: u16 = 15_000;
/// Linux hands out 32768 and above.
const COUNT: u16 = 17_000;
/// Two test processes with neighbouring ids start this far apart.
const STRIDE: u32 = 41;

/// How many ports this process has looked at.
static TAKEN: AtomicU16 = AtomicU16::new(0);

/// Returns a port nobody listens on now and that this process has not returned before.
///
/// # Panics
///
/// When every port of the range is taken.
pub(super) fn free() -> u16 {
    let start = process::id().wrapping_mul(STRIDE) % u32::from(COUNT);
    let start = u16::try_from(start).expect("less than COUNT");
    for _ in 0..COUNT {
        let step = TAKEN.fetch_add(1, Ordering::Relaxed) % COUNT;
        let port = FIRST + (u32::from(start) + u32::from(step)).rem_euclid(u32::from(COUNT)) as u16;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("no free port between {FIRST} and {}", FIRST + COUNT);
}
