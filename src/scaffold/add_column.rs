//! `miglab new add-column users.display_name text --from "lower(username)"`

use super::draft::{ScriptDraft, TableDraft, short};
use super::expression::columns_of;
use super::names::{ColumnPath, ColumnText, literal, quote};
use super::options::Options;
use crate::check;
use crate::diagnostic::Code;
use crate::source::Source;

/// A column is added, empty, with a default, or computed from other columns
#[derive(clap::Args, Clone, Debug)]
#[command(
    after_help = "Examples:\n  miglab new add-column users.nickname text\n  miglab new add-column users.status text --default new --not-null\n  miglab new add-column users.display_name text --from 'lower(username)' --not-null\n  miglab new add-column orders.total numeric --from 'price * quantity' --with 'quantity integer'"
)]
pub struct AddColumn {
    /// The column
    #[arg(value_name = "TABLE.COLUMN")]
    pub column: ColumnPath,
    /// Its type
    #[arg(value_name = "TYPE", default_value = "text")]
    pub r#type: String,
    /// It holds the value of this expression over the table's other columns
    #[arg(long, value_name = "EXPR", conflicts_with = "default")]
    pub from: Option<String>,
    /// The value of rows that do not give one
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    pub default: Option<String>,
    /// It may not be null
    #[arg(long)]
    pub not_null: bool,
    /// A column of the table and its type, where `--from` reads one that is not of the new column's type
    #[arg(long, value_name = "COLUMN TYPE")]
    pub with: Vec<ColumnText>,
    #[command(flatten)]
    pub(super) options: Options,
}

impl AddColumn {
    pub(super) fn script(&self) -> Result<String, String> {
        if self.not_null && self.from.is_none() && self.default.is_none() {
            return Err("a column that may not be null needs `--default` or `--from`: old rows and the old version \
                        of the application cannot fill it"
                .to_owned());
        }
        match &self.from {
            Some(from) => self.computed(from),
            None => self.plain(),
        }
    }

    /// A column of its own: nothing fills it but its default.
    fn plain(&self) -> Result<String, String> {
        let column = short(&self.column);
        let mut definition = format!("{column} {}", self.r#type);
        if self.not_null {
            definition.push_str(" not null");
        }
        if let Some(default) = &self.default {
            definition = format!("{definition} default {}", literal(default));
        }
        let table = self.sources(&[], self.not_null)?;
        let others = self.others(&[]);
        let why = if self.default.is_some() {
            "The default stands in for the old version, which does not know the column."
        } else {
            "The old version does not know the column and leaves it null."
        };
        self.draft(&table, &others)
            .new_app(&with(&others, &column))
            .step(why, &format!("expand add column {definition}"))
            .rollout("The column exists.")
            .finish()
    }

    /// A column with the value of other columns.
    fn computed(&self, from: &str) -> Result<String, String> {
        let script = self.computed_of(from, self.not_null)?;
        if is_refuted(&script) { self.computed_of(from, true) } else { Ok(script) }
    }

    /// The same, where what it reads is declared to be not null, or not: where a column that it reads is null, so may be
    /// the result, though the others have values.
    fn computed_of(&self, from: &str, of_values: bool) -> Result<String, String> {
        let (column, ty) = (short(&self.column), &self.r#type);
        let read = columns_of(from)?;
        if read.contains(&self.column.column) {
            return Err(format!("`--from` reads `{}`, the column that is added", self.column.column));
        }
        let others = self.others(&read);
        let both = with(&others, &column);
        let mut draft = self
            .draft(&self.sources(&read, of_values)?, &others)
            .new_app(&both)
            .step("No version knows the column yet.", &format!("expand add column {column} {ty}"))
            .step(
                if of_values && !self.not_null {
                    "Before the backfill: what the old version writes during it must reach the column. It has a value \
                     wherever all that it reads have one, as the table says."
                } else {
                    "Before the backfill: what the old version writes during it must reach the column."
                },
                &format!("expand sync {column} from {from}"),
            );
        let backfill = format!("migrate backfill {column} from {from} {}", draft.batches());
        draft = draft.step("The rows from before the sync.", &backfill);
        if self.not_null {
            let verify = format!("migrate verify {column} is not null");
            draft = draft.step("A gate: the run stops here while a row lacks the value.", &verify);
        }
        draft =
            draft.rollout("Every row has the value, and the sync keeps it true for the old version's writes.").step(
                "The new version writes the column together with what it comes from.",
                &format!("contract drop sync {column}"),
            );
        if self.not_null {
            draft = draft
                .step("No row lacks it, and no version leaves it out.", &format!("contract set not null {column}"));
        }
        draft.finish()
    }

    fn draft(&self, table: &TableDraft, others: &[String]) -> ScriptDraft<'_> {
        let summary = format!("Add {}.{}", quote(&self.column.table), short(&self.column));
        ScriptDraft::new(&self.options, summary).on(&self.column.table).table(table).old_app(others)
    }

    /// The table before the column: what the expression reads, and what the author adds.
    fn sources(&self, read: &[String], of_values: bool) -> Result<TableDraft, String> {
        let mut table = TableDraft::new(&self.column.table, &self.options);
        let bound = |definition: &str| {
            let is_said = definition.to_lowercase().contains("null") || !of_values;
            if is_said { definition.to_owned() } else { format!("{definition} not null") }
        };
        for column in &self.with {
            let is_read = read.contains(&column.name);
            let definition = if is_read { bound(&column.definition) } else { column.definition.clone() };
            table = table.column(&column.name, &definition)?;
        }
        let definition = bound(&self.r#type);
        table = table.complete(read, &definition);
        if table.is_bare() {
            table = table.column(self.example(), "text")?;
        }
        table.free(&self.column.column)?;
        Ok(table)
    }

    /// What the old version reads and writes, as a script writes it.
    fn others(&self, read: &[String]) -> Vec<String> {
        let key = &self.options.key.0;
        let mut names: Vec<&str> = self.with.iter().map(|column| column.name.as_str()).collect();
        names.extend(read.iter().filter(|name| *name != key).map(String::as_str));
        if names.is_empty() {
            names.push(self.example());
        }
        let mut seen = std::collections::BTreeSet::new();
        names.into_iter().filter(|name| seen.insert(*name)).map(quote).collect()
    }

    /// A column for the old version to use, where nothing tells of one.
    fn example(&self) -> &'static str {
        let taken = |name: &str| self.column.column == name || self.options.key.0 == name;
        ["name", "label", "title"].into_iter().find(|name| !taken(name)).unwrap_or("note")
    }
}

fn with(others: &[String], column: &str) -> Vec<String> {
    others.iter().cloned().chain([column.to_owned()]).collect()
}

/// Whether the proof refutes a script.
fn is_refuted(script: &str) -> bool {
    let found = check::findings(Source::new("the script", script)).diagnostics;
    found.iter().any(|finding| finding.code == Code::UnsetRead)
}
