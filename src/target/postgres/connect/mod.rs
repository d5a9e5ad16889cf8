//! How a server is reached: addresses, the environment, TLS as `sslmode` asks for it.

use std::fmt;

use crate::target::{Fault, FaultKind};

/// A database on a server, and how to get in. What is printed of it never shows the password.
#[derive(Clone)]
pub struct Address {
    config: postgres::Config,
}

impl Address {
    /// The address given as a URL or as `key=value` pairs; without one, `DATABASE_URL`; what is still missing comes from
    /// the `PG*` variables, the password file, and the defaults of libpq.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn find(given: Option<&str>) -> Result<Self, Fault> {
        let config = given.unwrap_or_default().parse().map_err(|_| Fault {
            kind: FaultKind::Connection,
            message: "the address of the database cannot be read".into(),
            help: None,
        })?;
        Ok(Self { config })
    }

    /// A new connection, which tells the server this name.
    ///
    /// # Errors
    /// The server is not reached, or lets nobody in.
    pub fn connect(&self, application_name: &str) -> Result<postgres::Client, Fault> {
        let mut config = self.config.clone();
        config.application_name(application_name);
        config.connect(postgres::NoTls).map_err(|error| super::fault::fault(&error))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Address({self})")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.config.get_dbname().unwrap_or_default())
    }
}
