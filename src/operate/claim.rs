//! A connection to a database, and the claim on it: one program at a time begins, goes on with, undoes or purges a run.

use super::Error;
use crate::engine::Fault;
use crate::engine::postgres::connect::Address;
use crate::engine::postgres::journal::runs::{self, Course, RunRow};
use crate::engine::postgres::journal::{Fence, Runner, lock, record, schema};
use crate::engine::postgres::session::{Limits, Session};

/// A database that can be asked about its runs.
pub struct Database {
    session: Session,
}

/// A database on which nobody else begins, goes on with, undoes or purges a run, until this is dropped.
pub struct Claim {
    database: Database,
    runner: Runner,
}

impl Database {
    /// Connects. `limits` say how long a run may wait for a lock.
    ///
    /// # Errors
    /// The server is not reached, or refuses.
    pub fn connect(address: &Address, limits: Limits) -> Result<Self, Error> {
        Ok(Self { session: Session::open(address, limits)? })
    }

    /// Claims the database for this program; for a moment it waits for another that ends.
    ///
    /// # Errors
    /// Another program has claimed it ([`Error::Held`]), or what it keeps of runs is of a newer version.
    pub fn claim(mut self, runner: Runner) -> Result<Claim, Error> {
        if let Err(holder) = lock::take(self.session.client())? {
            let run = self.runs().ok().and_then(|runs| runs.into_iter().find(RunRow::is_unfinished)).map(Box::new);
            return Err(Error::Held { holder, run });
        }
        if self.has_journal()? {
            schema::install(self.session.client())?;
        }
        Ok(Claim { database: self, runner })
    }

    /// All runs, oldest first; none where the database was never worked on.
    pub(super) fn runs(&mut self) -> Result<Vec<RunRow>, Fault> {
        if self.has_journal()? { runs::all(self.session.client()) } else { Ok(Vec::new()) }
    }

    pub(super) fn has_journal(&mut self) -> Result<bool, Fault> {
        Ok(schema::version(self.session.client())?.is_some())
    }

    pub(super) fn session(&mut self) -> &mut Session {
        &mut self.session
    }
}

impl Claim {
    /// The database.
    pub fn database(&mut self) -> &mut Database {
        &mut self.database
    }

    pub(super) fn session(&mut self) -> &mut Session {
        &mut self.database.session
    }

    pub(super) fn runner(&self) -> &Runner {
        &self.runner
    }

    /// Takes a run over: whoever ran it before can write nothing about it any more.
    pub(super) fn take_over(&mut self, run: &RunRow, course: Course) -> Result<Fence, Fault> {
        let Self { database, runner } = self;
        database.session.in_transaction(|transaction| record::claim(transaction, run.id, runner, course))
    }
}
