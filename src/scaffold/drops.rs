//! `miglab new drop-column` and `miglab new drop-table`.

use super::draft::{ScriptDraft, TableDraft, full, short};
use super::names::{ColumnPath, ColumnText, NameArg, literal, quote};
use super::options::Options;

/// A column goes, once no version of the application uses it
#[derive(clap::Args, Clone, Debug)]
#[command(
    after_help = "Examples:\n  miglab new drop-column users.nickname\n  miglab new drop-column users.score --type integer --not-null --because 'the score is computed on read'"
)]
pub struct DropColumn {
    /// The column
    #[arg(value_name = "TABLE.COLUMN")]
    pub column: ColumnPath,
    /// Its type
    #[arg(long, value_name = "TYPE", default_value = "text")]
    pub r#type: String,
    /// It is `not null`: it gets a default, because the new version does not write it and the old one reads it
    #[arg(long)]
    pub not_null: bool,
    /// The default that it gets, for the old version's reads of the new version's rows; of a `not null` column a plain
    /// value of its type where nothing is said
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    pub default: Option<String>,
    /// Why its data may be lost: the answer to what `check` says of the drop
    #[arg(long, value_name = "REASON")]
    pub because: Option<String>,
    #[command(flatten)]
    pub(super) options: Options,
}

/// A table goes, once no version of the application uses it
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "Example:\n  miglab new drop-table audit_log --column 'message text' --column 'at timestamptz'")]
pub struct DropTable {
    /// The table
    #[arg(value_name = "TABLE")]
    pub table: NameArg,
    /// A column of it and its type; the primary key is added by itself [default: note text]
    #[arg(long = "column", value_name = "COLUMN TYPE")]
    pub columns: Vec<ColumnText>,
    /// Why its data may be lost: the answer to what `check` says of the drop
    #[arg(long, value_name = "REASON")]
    pub because: Option<String>,
    #[command(flatten)]
    pub(super) options: Options,
}

impl DropColumn {
    pub(super) fn script(&self) -> Result<String, String> {
        let column = short(&self.column);
        let kept = ["name", "label"].into_iter().find(|name| *name != self.column.column).unwrap_or("name");
        let definition = if self.not_null { format!("{} not null", self.r#type) } else { self.r#type.clone() };
        let table = TableDraft::new(&self.column.table, &self.options)
            .column(kept, "text")?
            .column(&self.column.column, &definition)?;
        let kept = quote(kept);
        let both = [kept.clone(), column.clone()];
        let mut draft = ScriptDraft::new(&self.options, format!("Drop {}.{column}", quote(&self.column.table)))
            .on(&self.column.table)
            .table(&table)
            .old_app(&both)
            .new_app(std::slice::from_ref(&kept));
        let plain = self.not_null.then(|| plain(&self.r#type));
        if let Some(default) = self.default.as_deref().map(literal).or(plain) {
            draft = draft.step(
                "The new version does not write the column: its rows take this, and the old version can read them.",
                &format!("expand set default {column} {default}"),
            );
        }
        draft
            .rollout("The new version does not know the column.")
            .step(&why_dropped(self.because.as_ref()), &dropped(&format!("column {column}"), self.because.as_ref()))
            .finish()
    }
}

impl DropTable {
    pub(super) fn script(&self) -> Result<String, String> {
        let mut table = TableDraft::new(&self.table.0, &self.options);
        let note = [ColumnText { name: "note".to_owned(), definition: "text".to_owned() }];
        let columns = if self.columns.is_empty() { &note[..] } else { &self.columns };
        for column in columns {
            table = table.column(&column.name, &column.definition)?;
        }
        let used: Vec<String> = columns.iter().map(|column| full(&self.table.0, &column.name)).collect();
        let (name, old) = (self.table.quoted(), self.options.old_app.quoted());
        ScriptDraft::new(&self.options, format!("Drop the table {name}"))
            .on(&self.table.0)
            .table(&table)
            .old_app(&used)
            .step(
                "The last version that uses the table; the next one is deployed beside it before.",
                &format!("retire {old}"),
            )
            .step(&why_dropped(self.because.as_ref()), &dropped(&format!("table {name}"), self.because.as_ref()))
            .finish()
    }
}

/// A plain value of a type, as a literal.
fn plain(written: &str) -> String {
    let ty = written.split(['(', ' ']).next().unwrap_or(written).to_ascii_lowercase();
    match ty.as_str() {
        "boolean" | "bool" => "false".to_owned(),
        "smallint" | "integer" | "bigint" | "int" | "int2" | "int4" | "int8" | "numeric" | "decimal" | "real"
        | "double" | "float4" | "float8" => "0".to_owned(),
        "date" | "timestamp" | "timestamptz" => "now()".to_owned(),
        "uuid" => "'00000000-0000-0000-0000-000000000000'".to_owned(),
        "json" | "jsonb" => "'{}'".to_owned(),
        _ => "''".to_owned(),
    }
}

fn why_dropped(because: Option<&String>) -> String {
    let lost = "Its data is lost from here on.";
    match because {
        Some(_) => lost.to_owned(),
        None => format!(
            "{lost}\n# To be decided: is what it holds needed by nobody, or kept elsewhere? Then say so here with `allow \
             contract-without-expand because '…'`."
        ),
    }
}

/// The drop, with the reason that was given for it.
fn dropped(what: &str, because: Option<&String>) -> String {
    let drop = format!("contract drop {what}");
    let Some(because) = because else { return drop };
    let because = because.replace('\'', "''").replace(char::is_control, " ");
    format!("allow contract-without-expand because '{because}'\n{drop}")
}
