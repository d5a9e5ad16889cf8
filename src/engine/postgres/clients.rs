//! Who is connected: sessions of an application, by the `application_name` or the role that it connects with.

use postgres::{GenericClient, Row};

use crate::engine::Fault;
use crate::engine::postgres::fault::fault;

/// A session of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// Its process on the server.
    pub pid: i32,
    /// `application_name`
    pub application: String,
    /// Its role.
    pub role: String,
    /// Where it comes from; none for a socket of the server's own machine, and where the role may not see it.
    pub client: Option<String>,
}

impl Connected {
    /// As a line: "pid 4711 (shop-v1, role `shop`) from 10.0.0.7".
    #[must_use]
    pub fn describe(&self) -> String {
        let Self { pid, application, role, client } = self;
        let from = client.as_deref().unwrap_or("a local socket");
        format!("pid {pid} ({application}, role `{role}`) from {from}")
    }
}

/// The sessions in this database whose `application_name` or role is `name`.
///
/// # Errors
/// The server was not asked.
pub fn connected_as(client: &mut impl GenericClient, name: &str) -> Result<Vec<Connected>, Fault> {
    let query = "
        select pid, coalesce(application_name, ''), coalesce(usename::text, ''), host(client_addr)
        from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and (application_name = $1 or usename = $1)
          and application_name <> 'miglab' and coalesce(backend_type, 'client backend') = 'client backend'
        order by pid";
    let rows = client.query(query, &[&name]).map_err(|error| fault(&error))?;
    let connected =
        |row: &Row| Connected { pid: row.get(0), application: row.get(1), role: row.get(2), client: row.get(3) };
    Ok(rows.iter().map(connected).collect())
}
