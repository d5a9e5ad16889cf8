//! `miglab new add-not-null | add-unique | add-check | add-foreign-key | set-default`: rules that rows must keep.
//!
//! A rule binds new writes at once, so the version that may break it leaves before the rule comes.

use super::draft::{ScriptDraft, TableDraft, full, short};
use super::expression::columns_of;
use super::names::{ColumnPath, NameArg, literal, quote};
use super::options::Options;
use super::samples::{ROWS, sample};

const NEW_KEEPS: &str = "The new version follows the rule in everything that it writes";

/// A column may no longer be null
#[derive(clap::Args, Clone, Debug)]
#[command(
    after_help = "Examples:\n  miglab new add-not-null users.email\n  miglab new add-not-null users.country --fill unknown"
)]
pub struct AddNotNull {
    /// The column
    #[arg(value_name = "TABLE.COLUMN")]
    pub column: ColumnPath,
    /// The value for old rows that have none
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    pub fill: Option<String>,
    /// Its type
    #[arg(long, value_name = "TYPE", default_value = "text")]
    pub r#type: String,
    #[command(flatten)]
    pub(super) options: Options,
}

/// No two rows may have the same value in a column, or in several together
#[derive(clap::Args, Clone, Debug)]
#[command(
    after_help = "Examples:\n  miglab new add-unique users.email\n  miglab new add-unique members.team members.username --name members_once_per_team"
)]
pub struct AddUnique {
    /// The columns, all of one table
    #[arg(value_name = "TABLE.COLUMN", required = true)]
    pub columns: Vec<ColumnPath>,
    /// Its name [default: `users_email_key`]
    #[arg(long)]
    pub name: Option<NameArg>,
    /// The type of the columns
    #[arg(long, value_name = "TYPE", default_value = "text")]
    pub r#type: String,
    #[command(flatten)]
    pub(super) options: Options,
}

/// Every row must satisfy a condition on a column
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "Example:\n  miglab new add-check products.price 'price > 0' --type 'numeric(12, 2)'")]
pub struct AddCheck {
    /// The column
    #[arg(value_name = "TABLE.COLUMN")]
    pub column: ColumnPath,
    /// The condition that every row must satisfy
    #[arg(value_name = "EXPR")]
    pub condition: String,
    /// Its name [default: `products_price_check`]
    #[arg(long)]
    pub name: Option<NameArg>,
    /// The type of the column
    #[arg(long, value_name = "TYPE", default_value = "integer")]
    pub r#type: String,
    #[command(flatten)]
    pub(super) options: Options,
}

/// Every value of a column must be one of another table's
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "Example:\n  miglab new add-foreign-key orders.user_id users.id")]
pub struct AddForeignKey {
    /// The column that refers
    #[arg(value_name = "TABLE.COLUMN")]
    pub column: ColumnPath,
    /// The primary key that it refers to, an integer
    #[arg(value_name = "OTHER.COLUMN")]
    pub references: ColumnPath,
    /// Its name [default: `orders_user_id_fkey`]
    #[arg(long)]
    pub name: Option<NameArg>,
    #[command(flatten)]
    pub(super) options: Options,
}

/// Rows that do not give a column take a default
#[derive(clap::Args, Clone, Debug)]
#[command(
    after_help = "Examples:\n  miglab new set-default users.status new\n  miglab new set-default orders.placed_at 'now()' --type timestamptz"
)]
pub struct SetDefault {
    /// The column
    #[arg(value_name = "TABLE.COLUMN")]
    pub column: ColumnPath,
    /// The default
    #[arg(value_name = "VALUE", allow_hyphen_values = true)]
    pub value: String,
    /// Its type
    #[arg(long, value_name = "TYPE", default_value = "text")]
    pub r#type: String,
    #[command(flatten)]
    pub(super) options: Options,
}

impl AddNotNull {
    pub(super) fn script(&self) -> Result<String, String> {
        let column = short(&self.column);
        let mut values: Vec<String> = (0..ROWS).map(|row| sample(&self.r#type, row)).collect();
        if let (Some(_), Some(last)) = (&self.fill, values.last_mut()) {
            "null".clone_into(last);
        }
        let table = TableDraft::new(&self.column.table, &self.options).column_with(
            &self.column.column,
            &self.r#type,
            values,
        )?;
        let mut draft = versions(
            &self.options,
            format!("Make {} not null", full_of(&self.column)),
            &self.column.table,
            &table,
            std::slice::from_ref(&column),
        )
        .rollout("The new version gives the column a value in everything that it writes.");
        if let Some(fill) = &self.fill {
            let statement = format!("migrate seed {column} from {} {}", literal(fill), draft.batches());
            draft = draft.step("Old rows without a value get one; existing values stay.", &statement);
        }
        let gate = format!("migrate verify {column} is not null");
        draft
            .step("A gate: the run stops here while a row has none.", &gate)
            .step("No row lacks a value, and no version leaves it out.", &format!("contract set not null {column}"))
            .finish()
    }
}

impl AddUnique {
    pub(super) fn script(&self) -> Result<String, String> {
        let table_name = &self.columns[0].table;
        if let Some(other) = self.columns.iter().find(|column| column.table != *table_name) {
            return Err(format!("`{table_name}` and `{}` are two tables: a rule covers the rows of one", other.table));
        }
        let mut table = TableDraft::new(table_name, &self.options);
        for column in &self.columns {
            table = table.column(&column.column, &self.r#type)?;
        }
        let columns: Vec<String> = self.columns.iter().map(short).collect();
        let name = self.name.as_ref().map_or_else(|| default_name(&self.columns, "key"), NameArg::quoted);
        let list = columns.join(", ");
        versions(&self.options, format!("Make {list} of {} unique", quote(table_name)), table_name, &table, &columns)
            .rollout(&format!("{NEW_KEEPS}, or handles the rejection."))
            .step(
                "Fails, and changes nothing, while two rows have the same value; from here on nobody can add a second \
                 one.",
                &format!("expand add unique {name} ({list})"),
            )
            .finish()
    }
}

impl AddCheck {
    pub(super) fn script(&self) -> Result<String, String> {
        let column = short(&self.column);
        let table = TableDraft::new(&self.column.table, &self.options)
            .column(&self.column.column, &self.r#type)?
            .complete(&columns_of(&self.condition)?, &self.r#type);
        let name = self
            .name
            .as_ref()
            .map_or_else(|| default_name(std::slice::from_ref(&self.column), "check"), NameArg::quoted);
        versions(
            &self.options,
            format!("Check {} of {}", column, quote(&self.column.table)),
            &self.column.table,
            &table,
            &[column],
        )
        .rollout(&format!("{NEW_KEEPS}; the old one may not."))
        .step(
            "Binds new writes at once, without reading the old rows.",
            &format!("expand add check {name} ({})", self.condition),
        )
        .step(
            "Old rows are read without blocking anybody; a row that fails stops the run.",
            &format!("migrate validate check {name}"),
        )
        .finish()
    }
}

impl AddForeignKey {
    pub(super) fn script(&self) -> Result<String, String> {
        let (table_name, other_name) = (&self.column.table, &self.references.table);
        if table_name == other_name {
            return Err(format!(
                "`{table_name}` refers to itself: write that one by hand, with `references {table_name}`"
            ));
        }
        let column = short(&self.column);
        let name = self
            .name
            .as_ref()
            .map_or_else(|| default_name(std::slice::from_ref(&self.column), "fkey"), NameArg::quoted);
        let values = ["1", "2", "2"].map(str::to_owned).to_vec();
        let table = TableDraft::new(table_name, &self.options).column_with(&self.column.column, "integer", values)?;
        let mut other_options = self.options.clone();
        other_options.key = NameArg(self.references.column.clone());
        let other = TableDraft::new(other_name, &other_options);
        let used = [full(table_name, &self.column.column)];
        let referenced = format!("{} ({})", quote(other_name), short(&self.references));
        ScriptDraft::new(
            &self.options,
            format!("Make {} refer to {}", full_of(&self.column), full_of(&self.references)),
        )
        .on(table_name)
        .table(&other)
        .table(&table)
        .old_app(&used)
        .new_app(&used)
        .rollout(&format!("{NEW_KEEPS}; the old one may leave orphans."))
        .step(
            "Binds new writes at once, without reading the old rows.",
            &format!("expand add foreign key {name} ({column}) references {referenced}"),
        )
        .step(
            "Old rows are read without blocking anybody; an orphan stops the run.",
            &format!("migrate validate foreign key {name}"),
        )
        .finish()
    }
}

impl SetDefault {
    pub(super) fn script(&self) -> Result<String, String> {
        let column = short(&self.column);
        let table = TableDraft::new(&self.column.table, &self.options).column(&self.column.column, &self.r#type)?;
        ScriptDraft::new(&self.options, format!("Give {} a default", full_of(&self.column)))
            .on(&self.column.table)
            .table(&table)
            .old_app(std::slice::from_ref(&column))
            .step(
                "Only inserts that leave the column out notice; existing rows stay as they are.",
                &format!("expand set default {column} {}", literal(&self.value)),
            )
            .finish()
    }
}

/// A draft in which both versions use the same columns of one table.
fn versions<'a>(
    options: &'a Options,
    summary: String,
    on: &str,
    table: &TableDraft,
    columns: &[String],
) -> ScriptDraft<'a> {
    ScriptDraft::new(options, summary).on(on).table(table).old_app(columns).new_app(columns)
}

fn full_of(column: &ColumnPath) -> String {
    full(&column.table, &column.column)
}

/// The name that the database would give: the table, the columns and a suffix.
pub(super) fn default_name(columns: &[ColumnPath], suffix: &str) -> String {
    let names: Vec<&str> = columns.iter().map(|column| column.column.as_str()).collect();
    quote(&format!("{}_{}_{suffix}", columns[0].table, names.join("_")))
}
