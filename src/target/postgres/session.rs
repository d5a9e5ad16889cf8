//! A connection that does the work of a run, with settings that the work relies on.

use postgres::Client;

use super::connect::Address;
use super::fault;
use crate::target::Fault;

/// What the server is told this program is.
pub const APPLICATION_NAME: &str = "miglab";

/// For how long something may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest wait in the queue of a lock, where everybody behind waits too, in milliseconds.
    pub lock_timeout_ms: u32,
    /// Milliseconds between two tries, give or take half of it.
    pub retry_ms: u32,
    /// After so many milliseconds of trying it gives up.
    pub lock_wait_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { lock_timeout_ms: 3, retry_ms: 50, lock_wait_ms: 600_000 }
    }
}

/// A connection that does the work of a run.
pub struct Session {
    client: Client,
    address: Address,
    limits: Limits,
}

impl Session {
    /// Connects, and sets what the work relies on.
    ///
    /// # Errors
    /// The server is not reached, or refuses.
    pub fn open(address: &Address, limits: Limits) -> Result<Self, Fault> {
        let mut client = address.connect(APPLICATION_NAME)?;
        client.batch_execute("set timezone = 'UTC'").map_err(|error| fault::fault(&error))?;
        Ok(Self { client, address: address.clone(), limits })
    }

    /// Another session, to the same place, with the same limits.
    ///
    /// # Errors
    /// As of [`Session::open`].
    pub fn another(&self) -> Result<Self, Fault> {
        Self::open(&self.address, self.limits)
    }

    /// The connection.
    pub fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// Where it is connected to.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// How long it may wait.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }
}
