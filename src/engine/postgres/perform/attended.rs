//! A statement that takes long, with somebody who looks after it meanwhile.

use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use postgres::CancelToken;

use crate::engine::postgres::connect::Address;

/// How often it is looked after.
const EVERY: Duration = Duration::from_secs(1);

/// Does work on another thread, and looks after it every second; when that breaks off, the work is cancelled on the
/// server. Gives what the work came to, and what it was broken off for.
pub(super) fn attended<T: Send, Reason>(
    address: &Address,
    token: &CancelToken,
    work: impl FnOnce() -> T + Send,
    mut look: impl FnMut() -> ControlFlow<Reason>,
) -> (T, Option<Reason>) {
    std::thread::scope(|scope| {
        let (done, is_done) = mpsc::channel();
        let worker = scope.spawn(move || {
            let result = work();
            // The other end is there until this thread has ended.
            let _ = done.send(());
            result
        });
        let mut broken_off = None;
        while is_done.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
            if broken_off.is_none() {
                broken_off = look().break_value();
            }
            if broken_off.is_some() {
                // Where this fails it is tried again in a second, unless the work has ended by itself.
                let _ = address.cancel(token);
            }
        }
        (worker.join().unwrap_or_else(|panic| resume_unwind(panic)), broken_off)
    })
}
