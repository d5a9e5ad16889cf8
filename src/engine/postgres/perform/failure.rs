//! What ends a transaction before its time.

use postgres::error::SqlState;

use crate::engine::postgres::fault::fault;
use crate::engine::{Fault, FaultKind};

/// An error of the server, or what recording it came to.
pub(super) enum Failure {
    Server(postgres::Error),
    Record(Fault),
}

impl Failure {
    pub(super) fn fault(self) -> Fault {
        match self {
            Self::Server(error) => fault(&error),
            Self::Record(fault) => fault,
        }
    }

    /// Whether a lock could not be got in time, so that it is worth trying again.
    pub(super) fn is_for_a_lock(&self) -> bool {
        let codes = [&SqlState::LOCK_NOT_AVAILABLE, &SqlState::T_R_DEADLOCK_DETECTED];
        match self {
            Self::Server(error) => error.code().is_some_and(|code| codes.contains(&code)),
            Self::Record(fault) => fault.kind == FaultKind::Locked,
        }
    }

    /// Whether somebody cancelled the statement.
    pub(super) fn is_a_cancellation(&self) -> bool {
        matches!(self, Self::Server(error) if error.code() == Some(&SqlState::QUERY_CANCELED))
    }
}

impl From<postgres::Error> for Failure {
    fn from(error: postgres::Error) -> Self {
        Self::Server(error)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Record(fault)
    }
}
