//! Works on many things at once and hands the results over in order.

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// How many results per thread may wait for a slow one before them: this bounds memory.
const AHEAD: usize = 16;

/// Deeply nested scripts need room; what is not used costs nothing.
const STACK_BYTES: usize = 32 << 20;

/// Applies `work` to every item on all cores and gives each result to `take`, in the order of the items, until it
/// breaks off.
///
/// # Errors
/// `take` failed, or no thread could be started.
pub(super) fn in_order<I: Sync, O: Send>(
    items: &[I],
    work: impl Fn(&I) -> O + Sync,
    mut take: impl FnMut(O) -> io::Result<ControlFlow<()>>,
) -> io::Result<()> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(items.len());
    let desk = Desk::new(items.len(), threads * AHEAD);
    thread::scope(|scope| {
        let _closing = Closing(&desk);
        for started in 0..threads {
            let worker = thread::Builder::new().stack_size(STACK_BYTES);
            match worker.spawn_scoped(scope, || desk.serve(items, &work)) {
                Err(error) if started == 0 => return Err(error),
                Err(_) => break,
                Ok(_) => {}
            }
        }
        while let Some(result) = desk.next_result() {
            if take(result)?.is_break() {
                break;
            }
        }
        Ok(())
    })
}

/// Where threads fetch work and leave results.
struct Desk<O> {
    state: Mutex<Queue<O>>,
    changed: Condvar,
    items: usize,
    ahead: usize,
}

struct Queue<O> {
    started: usize,
    taken: usize,
    waiting: BTreeMap<usize, O>,
    closed: bool,
}

impl<O> Desk<O> {
    fn new(items: usize, ahead: usize) -> Self {
        let state = Queue { started: 0, taken: 0, waiting: BTreeMap::new(), closed: false };
        Self { state: Mutex::new(state), changed: Condvar::new(), items, ahead }
    }

    fn serve<I>(&self, items: &[I], work: &impl Fn(&I) -> O) {
        let closing = Closing(self);
        while let Some(index) = self.next_item() {
            let result = work(&items[index]);
            self.lock().waiting.insert(index, result);
            self.changed.notify_all();
        }
        // Only a thread that panics closes the desk for the others.
        std::mem::forget(closing);
    }

    fn next_item(&self) -> Option<usize> {
        let too_far = |state: &mut Queue<O>| {
            !state.closed && state.started < self.items && state.started >= state.taken + self.ahead
        };
        let mut state = self.changed.wait_while(self.lock(), too_far).unwrap_or_else(PoisonError::into_inner);
        if state.closed || state.started == self.items {
            return None;
        }
        state.started += 1;
        Some(state.started - 1)
    }

    fn next_result(&self) -> Option<O> {
        let missing = |state: &mut Queue<O>| {
            !state.closed && state.taken < self.items && !state.waiting.contains_key(&state.taken)
        };
        let mut state = self.changed.wait_while(self.lock(), missing).unwrap_or_else(PoisonError::into_inner);
        let index = state.taken;
        state.taken += 1;
        let result = state.waiting.remove(&index);
        self.changed.notify_all();
        result
    }

    fn lock(&self) -> MutexGuard<'_, Queue<O>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes the desk when dropped, so that no thread waits for one that is gone.
struct Closing<'a, O>(&'a Desk<O>);

impl<O> Drop for Closing<'_, O> {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order() {
        let items: Vec<u32> = (0..1000).collect();
        let mut taken = Vec::new();
        let double = |n: &u32| {
            (0..(n * 7919) % 500).for_each(|_| thread::yield_now());
            n * 2
        };
        let take = |n| {
            taken.push(n);
            Ok(ControlFlow::Continue(()))
        };
        in_order(&items, double, take).unwrap();
        assert_eq!(taken, items.iter().map(|n| n * 2).collect::<Vec<_>>());
    }

    #[test]
    fn nothing_to_do_is_done() {
        in_order(&[], |n: &u32| *n, |_| Ok(ControlFlow::Continue(()))).unwrap();
    }

    #[test]
    fn breaking_off_ends_the_work() {
        let items: Vec<u32> = (0..1_000_000).collect();
        let mut taken = 0;
        let take = |_| {
            taken += 1;
            Ok(if taken == 10 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        };
        in_order(&items, |n| *n, take).unwrap();
        assert_eq!(taken, 10);
    }

    #[test]
    fn a_failure_to_take_is_told() {
        let failed = in_order(&[1, 2, 3], |n| *n, |_| Err(io::ErrorKind::StorageFull.into()));
        assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn a_panic_in_a_thread_does_not_hang() {
        let outcome = std::panic::catch_unwind(|| {
            in_order(&[1, 2, 3], |n| assert_ne!(*n, 2), |()| Ok(ControlFlow::Continue(())))
        });
        assert!(outcome.is_err());
    }
}
