//! What the server and the driver complain of, in the words of this program.

use postgres::error::SqlState;

use crate::target::{Fault, FaultKind};

/// The SQLSTATE, where the server sent one.
#[must_use]
pub fn code(error: &postgres::Error) -> Option<&SqlState> {
    error.code()
}

/// An error of the driver as a fault.
#[must_use]
pub fn fault(error: &postgres::Error) -> Fault {
    Fault { kind: FaultKind::Server, message: error.to_string(), help: None }
}
