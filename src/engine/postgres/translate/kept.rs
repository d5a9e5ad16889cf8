//! What is kept so that a rollback can restore it, and under which names.

use crate::engine::postgres::operation::KeyColumn;
use crate::engine::postgres::quote;
use crate::engine::postgres::translate::{OWN_SCHEMA, Scene};

/// A table in miglab's own schema that holds the values that a statement has replaced.
pub(super) struct KeptValues {
    /// Its name, quoted and with its schema.
    pub(super) name: String,
    /// Its run and its statement, as they are in the names of what belongs to it.
    pub(super) number: String,
    /// The key of the table whose values it holds.
    pub(super) key: Vec<KeyColumn>,
}

impl Scene<'_> {
    /// The name of a dropped column until it is purged.
    pub(super) fn parked_column(&self, column: &str) -> String {
        quote::made_name(&format!("miglab_dropped_{}_{column}", self.server.run))
    }

    /// The name of a dropped table, in miglab's own schema, until it is purged.
    pub(super) fn parked_table(&self, table: &str) -> String {
        quote::made_name(&format!("dropped_{}_{table}", self.server.run))
    }

    /// Where the values that this statement replaces in a table are kept; nowhere without a key to find the rows by.
    pub(super) fn kept(&self, table: &str) -> Option<KeptValues> {
        let key = self.key_of(table);
        let number = format!("{}_{}", self.server.run, self.step + 1);
        (!key.is_empty()).then(|| KeptValues { name: own_name("before", &number), number, key })
    }
}

/// `"miglab"."before_1_2"`
fn own_name(kind: &str, number: &str) -> String {
    format!("{}.{}", quote::ident(OWN_SCHEMA), quote::ident(&format!("{kind}_{number}")))
}

impl KeptValues {
    /// The name of something else that belongs to it, quoted and with its schema.
    pub(super) fn own_name(&self, kind: &str) -> String {
        own_name(kind, &self.number)
    }

    /// `k1, k2`
    pub(super) fn columns(&self) -> String {
        (1..=self.key.len()).map(|at| format!("k{at}")).collect::<Vec<_>>().join(", ")
    }

    /// The row of one alias is the row kept in another: `r."id" = s.k1`.
    pub(super) fn same_row(&self, row: &str, kept: &str) -> String {
        let pairs =
            self.key.iter().enumerate().map(|(at, column)| format!("{row}.{} = {kept}.k{}", column.name, at + 1));
        pairs.collect::<Vec<_>>().join(" and ")
    }

    /// The key of a row: `r."id" as k1`.
    pub(super) fn key_of(&self, row: &str) -> String {
        let parts = self.key.iter().enumerate().map(|(at, column)| format!("{row}.{} as k{}", column.name, at + 1));
        parts.collect::<Vec<_>>().join(", ")
    }
}
