//! A connection that does the work of a run, with settings that the work relies on.

use postgres::{Client, Transaction};

use super::connect::Address;
use super::fault::{fault, is_lost};
use crate::engine::Fault;

/// What the server is told this program is.
pub const APPLICATION_NAME: &str = "miglab";

/// For how long something may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest wait in the queue of a lock, where everybody behind it waits too, in milliseconds.
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
    sends_autovacuum_away: bool,
}

/// Settings that the work relies on, whatever role and database have set. Those that a server does not know are left out.
const SETTINGS: &[(&str, &str)] = &[
    ("timezone", "UTC"),
    ("datestyle", "ISO, MDY"),
    ("intervalstyle", "postgres"),
    ("extra_float_digits", "1"),
    ("bytea_output", "hex"),
    ("standard_conforming_strings", "on"),
    ("transform_null_equals", "off"),
    ("client_min_messages", "warning"),
    ("statement_timeout", "0"),
    ("lock_timeout", "0"),
    ("transaction_timeout", "0"),
    ("idle_in_transaction_session_timeout", "0"),
    ("idle_session_timeout", "0"),
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_read_only", "off"),
    // Batches are many and short: compiling them costs more than it saves.
    ("jit", "off"),
];

/// A server whose client was killed notices, and stops what it was doing for it. Not every system can.
const NOTICE_A_LOST_CLIENT: &str = "select set_config(name, '500ms', false) from pg_catalog.pg_settings
     where name = 'client_connection_check_interval'";

impl Session {
    /// Connects, and sets what the work relies on.
    ///
    /// # Errors
    /// The server is not reached, or refuses.
    pub fn open(address: &Address, limits: Limits) -> Result<Self, Fault> {
        let mut client = address.connect(APPLICATION_NAME)?;
        let (names, values): (Vec<&str>, Vec<&str>) = SETTINGS.iter().copied().unzip();
        client.execute(SET, &[&names, &values]).map_err(|error| fault(&error))?;
        match client.batch_execute(NOTICE_A_LOST_CLIENT) {
            Err(error) if is_lost(&error) => return Err(fault(&error)),
            _ => {}
        }
        let sends_autovacuum_away = may_set_deadlock_timeout(&mut client).map_err(|error| fault(&error))?;
        Ok(Self { client, address: address.clone(), limits, sends_autovacuum_away })
    }

    /// Another session, to the same place, with the same limits.
    ///
    /// # Errors
    /// As of [`Session::open`].
    pub fn another(&self) -> Result<Self, Fault> {
        Self::open(&self.address, self.limits)
    }

    /// Does something in a transaction of its own.
    ///
    /// # Errors
    /// It failed, or the server refused.
    pub fn in_transaction<T>(
        &mut self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut transaction = self.client.transaction().map_err(|error| fault(&error))?;
        let done = work(&mut transaction)?;
        transaction.commit().map_err(|error| fault(&error))?;
        Ok(done)
    }

    /// Where names without a schema are looked for.
    ///
    /// # Errors
    /// The server was not asked.
    pub fn search_path(&mut self) -> Result<String, Fault> {
        let row = self.client.query_one("select current_setting('search_path')", &[]);
        row.map(|row| row.get(0)).map_err(|error| fault(&error))
    }

    /// Looks for names without a schema there from now on.
    ///
    /// # Errors
    /// The server refused.
    pub fn set_search_path(&mut self, path: &str) -> Result<(), Fault> {
        let set = self.client.execute("select set_config('search_path', $1, false)", &[&path]);
        set.map(drop).map_err(|error| fault(&error))
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

    /// Whether the role may set `deadlock_timeout`, and so send an autovacuum away that is in the way.
    #[must_use]
    pub fn sends_autovacuum_away(&self) -> bool {
        self.sends_autovacuum_away
    }
}

const SET: &str = "select pg_catalog.set_config(known.name, wanted.value, false)
     from unnest($1::text[], $2::text[]) as wanted(name, value)
     join pg_catalog.pg_settings known on lower(known.name) = wanted.name";

/// `deadlock_timeout` is for superusers, and since version 15 for those to whom it was granted.
fn may_set_deadlock_timeout(client: &mut Client) -> Result<bool, postgres::Error> {
    let asked = "select current_setting('server_version_num')::int4,
         coalesce((select rolsuper from pg_catalog.pg_roles where rolname = current_user), false)";
    let row = client.query_one(asked, &[])?;
    let (version, superuser): (i32, bool) = (row.get(0), row.get(1));
    if superuser || version < 150_000 {
        return Ok(superuser);
    }
    Ok(client.query_one("select has_parameter_privilege('deadlock_timeout', 'set')", &[])?.get(0))
}
