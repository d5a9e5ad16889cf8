//! `miglab new change-type orders.total bigint`

use super::draft::{ScriptDraft, TableDraft, gate, short};
use super::names::{ColumnPath, NameArg, quote};
use super::options::Options;
use super::samples::{ROWS, is_text, sample, sample_text};

/// A column gets another type, under another name, and both versions of the application may write while both are live
#[derive(clap::Args, Clone, Debug)]
#[command(
    after_help = "Examples:\n  miglab new change-type orders.total bigint\n  miglab new change-type orders.placed_at timestamptz --was timestamp\n\nTo have the old name back afterwards, follow with `miglab new rename-column`."
)]
pub struct ChangeType {
    /// The column
    #[arg(value_name = "TABLE.COLUMN")]
    pub column: ColumnPath,
    /// Its new type
    #[arg(value_name = "TYPE")]
    pub r#type: String,
    /// Its type so far [default: the type that usually precedes the new one, as integer does bigint]
    #[arg(long, value_name = "TYPE")]
    pub was: Option<String>,
    /// The name of the new column [default: the old name and the new type, as in `total_bigint`]
    #[arg(long, value_name = "NEW_NAME")]
    pub to: Option<NameArg>,
    /// The new value from the old column [default: a cast]
    #[arg(long, value_name = "EXPR")]
    pub using: Option<String>,
    /// The old value from the new column [default: a cast]
    #[arg(long, value_name = "EXPR")]
    pub back: Option<String>,
    #[command(flatten)]
    pub(super) options: Options,
}

impl ChangeType {
    pub(super) fn script(&self) -> Result<String, String> {
        let (old, name, ty) = (short(&self.column), self.new_name(), &self.r#type);
        let (new, table) = (name.quoted(), self.table()?);
        table.free(&name.0)?;
        let (forward, back) = self.casts(&old, &new);
        let summary = format!("Change the type of {}.{old} to {ty}", quote(&self.column.table));
        let draft = ScriptDraft::new(&self.options, summary)
            .on(&self.column.table)
            .table(&table)
            .old_app(std::slice::from_ref(&old))
            .new_app(std::slice::from_ref(&new))
            .step(
                "Add the new form beside the old one; no version knows it yet.",
                &format!("expand add column {new} {ty}"),
            )
            .step(
                "Before the backfill: what the old version writes must reach the new form.",
                &format!("expand sync {new} from {forward}"),
            )
            .step(
                "And back. Until the old version is gone, the new one must write only what the old type can hold.",
                &format!("expand sync {old} from {back}"),
            );
        let batches = draft.batches();
        draft
            .step("The rows from before the sync.", &format!("migrate backfill {new} from {forward} {batches}"))
            .step(
                "A gate: no row may differ before anybody reads the new form.",
                &format!("migrate verify {}", gate(&new, &old, &forward, ty)),
            )
            .rollout("Every row has the new form, and the syncs keep both true.")
            .step("Nobody uses the old form any more; its syncs go with it.", &format!("contract drop column {old}"))
            .finish()
    }

    fn new_name(&self) -> NameArg {
        let type_word: String = self.r#type.to_lowercase().chars().take_while(char::is_ascii_alphanumeric).collect();
        self.to.clone().unwrap_or_else(|| NameArg(format!("{}_{type_word}", self.column.column)))
    }

    fn casts(&self, old: &str, new: &str) -> (String, String) {
        let forward = self.using.clone().unwrap_or_else(|| format!("cast({old} as {})", self.r#type));
        let back = self.back.clone().unwrap_or_else(|| format!("cast({new} as {})", self.was()));
        (forward, back)
    }

    fn was(&self) -> String {
        let guess = || match self.r#type.to_ascii_lowercase().split(['(', ' ']).next().unwrap_or_default() {
            "bigint" | "int8" | "numeric" | "decimal" | "boolean" | "bool" => "integer",
            "double" | "float8" => "real",
            "timestamptz" | "date" => "timestamp",
            "timestamp" => "date",
            "jsonb" => "json",
            "text" => "varchar(100)",
            _ => "text",
        };
        self.was.clone().unwrap_or_else(|| guess().to_owned())
    }

    /// Text values look like values of the new type, so that the cast finds some.
    fn table(&self) -> Result<TableDraft, String> {
        let was = self.was();
        let value = |row| if is_text(&was) { sample_text(&self.r#type, row) } else { sample(&was, row) };
        let values = (0..ROWS).map(value).collect();
        TableDraft::new(&self.column.table, &self.options).column_with(&self.column.column, &was, values)
    }
}
