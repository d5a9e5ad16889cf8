//! `miglab new add-table | rename-table | split-table`.

use super::draft::{ScriptDraft, TableDraft, full};
use super::names::{ColumnText, NameArg, quote};
use super::options::Options;

/// A table is added
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "Example:\n  miglab new add-table invoices 'number text not null' 'total numeric(12, 2)'")]
pub struct AddTable {
    /// The table
    #[arg(value_name = "TABLE")]
    pub table: NameArg,
    /// Its columns; the primary key is added by itself
    #[arg(value_name = "COLUMN TYPE", required = true)]
    pub columns: Vec<ColumnText>,
    #[command(flatten)]
    pub(super) options: Options,
}

/// A table gets another name, over three versions of the application
#[derive(clap::Args, Clone, Debug)]
#[command(
    after_help = "Example:\n  miglab new rename-table users accounts --column 'username text' --column 'email text'"
)]
pub struct RenameTable {
    /// The table
    #[arg(value_name = "TABLE")]
    pub table: NameArg,
    /// Its new name
    #[arg(value_name = "NEW_NAME")]
    pub to: NameArg,
    /// A column of it and its type; the primary key is added by itself [default: name text]
    #[arg(long = "column", value_name = "COLUMN TYPE")]
    pub columns: Vec<ColumnText>,
    /// The last version of the application, which knows only the new name
    #[arg(long, value_name = "NAME", default_value = "v3")]
    pub last_app: NameArg,
    #[command(flatten)]
    pub(super) options: Options,
}

/// Columns move to a table of their own, one row for each row, and both versions of the application may write while both
/// are live
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "Example:\n  miglab new split-table users addresses street city")]
pub struct SplitTable {
    /// The table
    #[arg(value_name = "TABLE")]
    pub table: NameArg,
    /// The new table
    #[arg(value_name = "NEW_TABLE")]
    pub to: NameArg,
    /// The columns that move
    #[arg(value_name = "COLUMN", required = true)]
    pub columns: Vec<NameArg>,
    /// The new table's primary key, which refers to the old table [default: `user_id` for `users`]
    #[arg(long, value_name = "NEW_COLUMN")]
    pub new_key: Option<NameArg>,
    /// The type of the columns
    #[arg(long, value_name = "TYPE", default_value = "text")]
    pub r#type: String,
    #[command(flatten)]
    pub(super) options: Options,
}

impl AddTable {
    pub(super) fn script(&self) -> Result<String, String> {
        let mut checked = TableDraft::new(&self.table.0, &self.options);
        for column in &self.columns {
            checked = checked.column(&column.name, &column.definition)?;
        }
        let key = format!("{} integer primary key", self.options.key.quoted());
        let lines = self.columns.iter().map(|column| format!("{} {}", quote(&column.name), column.definition));
        let used: Vec<String> = self.columns.iter().map(|column| full(&self.table.0, &column.name)).collect();
        let (name, new) = (self.table.quoted(), self.options.new_app.quoted());
        ScriptDraft::new(&self.options, format!("Add the table {name}"))
            .new_app(&used)
            .step("No version knows the table yet.", &add_table(&name, &key, lines))
            .step("Deploy the version that uses it once it exists.", &format!("deploy {new}"))
            .finish()
    }
}

impl RenameTable {
    pub(super) fn script(&self) -> Result<String, String> {
        if self.table == self.to {
            return Err(format!("`{}` is already the name of the table", self.to.0));
        }
        let options = &self.options;
        if self.last_app == options.old_app || self.last_app == options.new_app {
            return Err("the three versions of the application need three names".to_owned());
        }
        let name = [ColumnText { name: "name".to_owned(), definition: "text".to_owned() }];
        let columns = if self.columns.is_empty() { &name[..] } else { &self.columns };
        let mut table = TableDraft::new(&self.table.0, options);
        for column in columns {
            table = table.column(&column.name, &column.definition)?;
        }
        let used = |table: &NameArg| columns.iter().map(|column| full(&table.0, &column.name)).collect::<Vec<_>>();
        let (old, new) = (used(&self.table), used(&self.to));
        let both: Vec<String> = old.iter().chain(&new).cloned().collect();
        let draft =
            ScriptDraft::new(options, format!("Rename the table {} to {}", self.table.quoted(), self.to.quoted()))
                .table(&table)
                .old_app(&old)
                .app(&options.new_app.quoted(), &new, &both)
                .app_without_deletes(&self.last_app.quoted(), &new);
        self.plan(draft, columns).finish()
    }

    fn plan<'a>(&self, draft: ScriptDraft<'a>, columns: &[ColumnText]) -> ScriptDraft<'a> {
        let (old, new, key) = (self.table.quoted(), self.to.quoted(), self.options.key.quoted());
        let (second, third) = (self.options.new_app.quoted(), self.last_app.quoted());
        let key_line = format!("{key} integer primary key references {old} ({key})");
        let lines = columns.iter().map(|column| format!("{} {}", quote(&column.name), column.definition));
        let mut draft =
            draft.step("Add the new name beside the old one, a row for each row.", &add_table(&new, &key_line, lines));
        for column in columns {
            let (target, source) = (full(&self.to.0, &column.name), full(&self.table.0, &column.name));
            draft = draft.step(
                "Before the copy: what the old version writes during it must reach the new table.",
                &format!("expand sync {target} from {source}"),
            );
        }
        let pairs: Vec<String> =
            columns.iter().map(|column| quote(&column.name)).map(|name| format!("{name} from {name}")).collect();
        let copy = format!("migrate copy {old} to {new} ({key} from {key}, {}) {}", pairs.join(", "), draft.batches());
        draft
            .step("The rows from before the syncs.", &copy)
            .rollout("It reads the new table and writes both, so the old version reads what it writes.")
            .step(
                "The rows in which the old version has left every column null: a sync brings none of them over.",
                &copy,
            )
            .step(
                "The last version writes no row of the old table, so the new one may not need it.",
                &format!("contract drop foreign key {}", quote(&format!("{}_{}_fkey", self.to.0, self.options.key.0))),
            )
            .step("It knows only the new name.", &format!("deploy {third}"))
            .step("The last one to write the old name.", &format!("retire {second}"))
            .step("Nobody uses the old name any more; its syncs go with it.", &format!("contract drop table {old}"))
    }
}

impl SplitTable {
    pub(super) fn script(&self) -> Result<String, String> {
        if self.table == self.to {
            return Err(format!("`{}` is the table that the columns are in", self.to.0));
        }
        let mut table = TableDraft::new(&self.table.0, &self.options);
        for column in &self.columns {
            table = table.column(&column.0, &self.r#type)?;
        }
        let new_key = self.new_key();
        if self.columns.contains(&new_key) {
            return Err(format!("`{}` is the new table's primary key: name another with `--new-key`", new_key.0));
        }
        let used = |table: &NameArg| self.columns.iter().map(|column| full(&table.0, &column.0)).collect::<Vec<_>>();
        let (old, new) = (used(&self.table), used(&self.to));
        let draft = ScriptDraft::new(&self.options, format!("Split {} off {}", self.to.quoted(), self.table.quoted()))
            .table(&table)
            .old_app(&old)
            .app_without_deletes(&self.options.new_app.quoted(), &new);
        self.plan(draft, &old, &new, &new_key.quoted()).finish()
    }

    fn plan<'a>(&self, draft: ScriptDraft<'a>, old: &[String], new: &[String], new_key: &str) -> ScriptDraft<'a> {
        let (table, to, key) = (self.table.quoted(), self.to.quoted(), self.options.key.quoted());
        let key_line = format!("{new_key} integer primary key references {table} ({key})");
        let lines = self.columns.iter().map(|column| format!("{} {}", column.quoted(), self.r#type));
        let mut draft = draft
            .step("Its primary key refers to the old table: that pairs the rows.", &add_table(&to, &key_line, lines));
        for (old, new) in old.iter().zip(new) {
            draft = draft.step(
                "Before the copy: a write during it must reach both tables.",
                &format!("expand sync {new} <-> {old}"),
            );
        }
        let pairs: Vec<String> =
            self.columns.iter().map(NameArg::quoted).map(|name| format!("{name} from {name}")).collect();
        let copy =
            format!("migrate copy {table} to {to} ({new_key} from {key}, {}) {}", pairs.join(", "), draft.batches());
        draft = draft
            .step("The rows from before the syncs.", &copy)
            .rollout("Every row is in both tables, and the syncs keep both true.");
        for column in old {
            draft = draft.step(
                "Nobody uses the old column any more; its syncs go with it.",
                &format!("contract drop column {column}"),
            );
        }
        draft
    }

    fn new_key(&self) -> NameArg {
        let singular = self.table.0.strip_suffix('s').unwrap_or(&self.table.0);
        self.new_key.clone().unwrap_or_else(|| NameArg(format!("{singular}_{}", self.options.key.0)))
    }
}

fn add_table(name: &str, key: &str, lines: impl Iterator<Item = String>) -> String {
    let lines: Vec<String> = lines.map(|line| format!("    {line}\n")).collect();
    format!("expand add table {name} {{\n    {key}\n{}}}", lines.concat())
}
