//! Ctrl-C: the first asks a run to stop at the next safe place, the second ends the program.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use super::output::complain;

static INTERRUPTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Takes over Ctrl-C and the request to terminate; before this they end the program at once.
///
/// # Errors
/// The system does not let signals be handled.
pub fn install() -> io::Result<()> {
    let flag = shared();
    for signal in [SIGINT, SIGTERM] {
        // The order matters: the shutdown must see the flag as it was before this signal.
        flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(flag))?;
        flag::register(signal, Arc::clone(flag))?;
    }
    Ok(())
}

/// The same for a command that can do without: it says so.
pub fn listen() {
    if let Err(error) = install() {
        complain(&format!("Ctrl-C cannot be handled: {error}"), None);
    }
}

/// Whether Ctrl-C was pressed since [`install`] or the last [`reset`].
#[must_use]
pub fn interrupted() -> bool {
    shared().load(Ordering::SeqCst)
}

/// Forgets a Ctrl-C that was answered.
pub fn reset() {
    shared().store(false, Ordering::SeqCst);
}

fn shared() -> &'static Arc<AtomicBool> {
    INTERRUPTED.get_or_init(Arc::default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_interrupt_is_remembered_until_it_is_answered() {
        install().unwrap();
        assert!(!interrupted());
        signal_hook::low_level::raise(SIGINT).unwrap();
        assert!(interrupted());
        reset();
        assert!(!interrupted());
    }
}
