//! `miglab new add-index users.email`

use super::constraints::default_name;
use super::draft::{ScriptDraft, TableDraft, short};
use super::expression::columns_of;
use super::names::{ColumnPath, NameArg, quote};
use super::options::Options;

/// An index is added, without blocking writes
#[derive(clap::Args, Clone, Debug)]
#[command(
    after_help = "Examples:\n  miglab new add-index users.email\n  miglab new add-index orders.status orders.city --where \"status = 'open'\""
)]
pub struct AddIndex {
    /// The columns, all of one table
    #[arg(value_name = "TABLE.COLUMN", required = true)]
    pub columns: Vec<ColumnPath>,
    /// Its name [default: `users_email_idx`]
    #[arg(long)]
    pub name: Option<NameArg>,
    /// Index only rows that satisfy this
    #[arg(long = "where", value_name = "EXPR")]
    pub filter: Option<String>,
    /// The type of the columns
    #[arg(long, value_name = "TYPE", default_value = "text")]
    pub r#type: String,
    #[command(flatten)]
    pub(super) options: Options,
}

impl AddIndex {
    pub(super) fn script(&self) -> Result<String, String> {
        let table_name = &self.columns[0].table;
        if let Some(other) = self.columns.iter().find(|column| column.table != *table_name) {
            return Err(format!("`{table_name}` and `{}` are two tables: an index covers one", other.table));
        }
        let mut table = TableDraft::new(table_name, &self.options);
        for column in &self.columns {
            table = table.column(&column.column, &self.r#type)?;
        }
        if let Some(filter) = &self.filter {
            table = table.complete(&columns_of(filter)?, &self.r#type);
        }
        let columns: Vec<String> = self.columns.iter().map(short).collect();
        let name = self.name.as_ref().map_or_else(|| default_name(&self.columns, "idx"), NameArg::quoted);
        let filter = self.filter.as_ref().map(|filter| format!(" where {filter}")).unwrap_or_default();
        let list = columns.join(", ");
        ScriptDraft::new(&self.options, format!("Index {list} of {}", quote(table_name)))
            .on(table_name)
            .table(&table)
            .old_app(&columns)
            .step(
                "No version notices, except that it is faster; to refuse rows with equal values, see `add-unique`.",
                &format!("expand add index {name} on {} ({list}){filter}", quote(table_name)),
            )
            .finish()
    }
}
