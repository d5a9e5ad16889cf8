//! Rows of several tables that an application deletes in one go.

use crate::ast::Name;
use crate::catalog::Catalog;
use crate::plan::{AppUse, ColumnName, Plan};

impl Plan {
    /// The other tables whose rows an application deletes together with the row of `table` that they belong to: those in
    /// which it writes a fact that it writes in `table` as well. As with values, that is one write.
    #[must_use]
    pub fn deleted_with(&self, app: &AppUse, table: &str, catalog: &Catalog) -> Vec<Name> {
        let mut together = self.written_with(app, table, catalog);
        together.retain(|other| app.deletes_from(other));
        together
    }

    /// The other tables in which an application writes a fact that it writes in `table` as well.
    #[must_use]
    pub fn written_with(&self, app: &AppUse, table: &str, catalog: &Catalog) -> Vec<Name> {
        let facts = |name: &ColumnName| {
            let column = catalog.column(&name.table, &name.column);
            column.map_or(&[][..], |column| self.facts.of(column.id))
        };
        let own: Vec<_> = app.writes.iter().filter(|name| *name.table == *table).flat_map(facts).collect();
        let mut together: Vec<Name> = Vec::new();
        let others = app.writes.iter().filter(|name| *name.table != *table);
        for name in others.filter(|name| !is_key(catalog, name)) {
            if !together.contains(&name.table) && facts(name).iter().any(|fact| own.contains(&fact)) {
                together.push(name.table.clone());
            }
        }
        together
    }
}

/// The key of a row says which row it is, and not what is known of it.
fn is_key(catalog: &Catalog, name: &ColumnName) -> bool {
    let Some(table) = catalog.table(&name.table) else { return false };
    let column = table.column(&name.column).map(|column| column.id);
    table.primary_key().is_some_and(|key| column.is_some_and(|column| key.contains(&column)))
}
