//! `miglab new rename-column users.username display_name`

use super::draft::{ScriptDraft, TableDraft, gate, short};
use super::names::{ColumnPath, NameArg, quote};
use super::options::Options;

/// A column gets another name, and both versions of the application may write while both are live
#[derive(clap::Args, Clone, Debug)]
#[command(
    after_help = "Examples:\n  miglab new rename-column users.username display_name\n  miglab new rename-column orders.amt amount --type 'numeric(12, 2)' --not-null"
)]
pub struct RenameColumn {
    /// The column
    #[arg(value_name = "TABLE.COLUMN")]
    pub column: ColumnPath,
    /// Its new name
    #[arg(value_name = "NEW_NAME")]
    pub to: NameArg,
    /// Its type
    #[arg(long, value_name = "TYPE", default_value = "text")]
    pub r#type: String,
    /// The column is `not null`, and so is the new one
    #[arg(long)]
    pub not_null: bool,
    #[command(flatten)]
    pub(super) options: Options,
}

impl RenameColumn {
    pub(super) fn script(&self) -> Result<String, String> {
        let (old, new, ty) = (short(&self.column), self.to.quoted(), &self.r#type);
        if self.column.column == self.to.0 {
            return Err(format!("`{}` is already the name of the column", self.to.0));
        }
        let definition = if self.not_null { format!("{ty} not null") } else { ty.clone() };
        let table = TableDraft::new(&self.column.table, &self.options).column(&self.column.column, &definition)?;
        table.free(&self.to.0)?;
        let summary = format!("Rename {}.{old} to {new}", quote(&self.column.table));
        let mut draft = ScriptDraft::new(&self.options, summary)
            .on(&self.column.table)
            .table(&table)
            .old_app(std::slice::from_ref(&old))
            .new_app(std::slice::from_ref(&new))
            .step(
                "Add the new name beside the old one; no version knows it yet.",
                &format!("expand add column {new} {ty}"),
            )
            .step(
                "Before the backfill: a write during it must reach both names.",
                &format!("expand sync {old} <-> {new}"),
            );
        let batches = draft.batches();
        draft = draft
            .step("The rows from before the sync.", &format!("migrate backfill {new} from {old} {batches}"))
            .step(
                "A gate: no row may differ before anybody reads the new name.",
                &format!("migrate verify {}", gate(&new, &old, &old, ty)),
            )
            .rollout("Every row has the new name, and the sync keeps both true.");
        if self.not_null {
            draft = draft
                .step("No row lacks a value, and no version leaves it out.", &format!("contract set not null {new}"));
        }
        draft
            .step("Nobody uses the old name any more; its syncs go with it.", &format!("contract drop column {old}"))
            .finish()
    }
}
