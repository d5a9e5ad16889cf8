//! The rows of a table, translated into another form and back.

use postgres::GenericClient;

use crate::catalog::Column;
use crate::data::Type;
use crate::engine::postgres::fault::fault;
use crate::engine::postgres::quote;
use crate::engine::{Fault, FaultKind};

/// So many rows of a table are looked at.
const MOST_ROWS: u32 = 100_000;

/// The way of a column into another form and back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundTrip {
    /// The table, quoted and with its schema.
    pub relation: String,
    /// The column, as SQL over the row.
    pub column: String,
    /// What comes back, as SQL over the row.
    pub back: String,
    /// Values of its type can be compared; the text of others is.
    pub has_equality: bool,
}

/// What is lost on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// A value comes back as another; none is a null.
    Changed {
        /// As it is in the table.
        was: Option<String>,
        /// As it comes back.
        is: Option<String>,
    },
    /// For some row there is nothing that could come back, for this reason.
    Refused(String),
}

/// A column of the row, as SQL.
#[must_use]
pub fn of_row(column: &str) -> String {
    format!("r.{}", quote::ident(column))
}

/// An expression as a value of the type that a column has.
#[must_use]
pub fn typed(sql: &str, column: &Column) -> String {
    match column.ty {
        Type::Unknown => format!("({sql})"),
        ty => format!("({sql})::{ty}"),
    }
}

impl RoundTrip {
    /// What is lost of the first row that does not survive. Nothing is changed.
    ///
    /// # Errors
    /// The server cannot be asked.
    pub fn go(&self, client: &mut impl GenericClient) -> Result<Option<Lost>, Fault> {
        match self.ask(client).map_err(|error| fault(&error)) {
            Err(fault) if fault.kind == FaultKind::Value => Ok(Some(Lost::Refused(fault.message))),
            answer => answer,
        }
    }

    fn ask(&self, client: &mut impl GenericClient) -> Result<Option<Lost>, postgres::Error> {
        let Self { relation, column, back, has_equality } = self;
        let equal = if *has_equality { "" } else { "::text" };
        let sql = format!(
            "select {column}::text, ({back})::text from (select r.* from {relation} as r limit {MOST_ROWS}) as r \
             where ({column}){equal} is distinct from ({back}){equal} limit 1"
        );
        // Whatever the expressions call, it changes nothing.
        let mut transaction = client.transaction()?;
        transaction.batch_execute("set transaction read only")?;
        let found = transaction.query_opt(sql.as_str(), &[])?;
        Ok(found.map(|row| Lost::Changed { was: row.get(0), is: row.get(1) }))
    }
}
