//! `miglab new split-column` and `miglab new merge-columns`: the same two forms, in opposite directions.

use super::draft::{ScriptDraft, TableDraft, short};
use super::names::{ColumnPath, NameArg, quote};
use super::options::Options;
use super::samples::ROWS;

/// A column becomes several, and both versions of the application may write while both are live
#[derive(clap::Args, Clone, Debug)]
#[command(
    after_help = "Examples:\n  miglab new split-column users.full_name first_name last_name\n  miglab new split-column hosts.address name port --separator :"
)]
pub struct SplitColumn {
    /// The column
    #[arg(value_name = "TABLE.COLUMN")]
    pub column: ColumnPath,
    /// The columns that it becomes; the last one takes the rest
    #[arg(value_name = "NEW_NAME", required = true, num_args = 2..)]
    pub into: Vec<NameArg>,
    /// What stands between the parts
    #[arg(long, value_name = "TEXT", default_value = " ")]
    pub separator: String,
    #[command(flatten)]
    pub(super) options: Options,
}

/// Several columns become one, and both versions of the application may write while both are live
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "Example:\n  miglab new merge-columns users.first_name users.last_name full_name")]
pub struct MergeColumns {
    /// The columns, all of one table, and the name of the column that they become
    #[arg(value_names = ["TABLE.COLUMN", "TABLE.COLUMN", "NEW_NAME"], required = true, num_args = 3..)]
    pub columns: Vec<String>,
    /// What stands between the parts
    #[arg(long, value_name = "TEXT", default_value = " ")]
    pub separator: String,
    #[command(flatten)]
    pub(super) options: Options,
}

/// One column and its parts, each computed from the other.
struct Forms<'a> {
    whole: String,
    parts: Vec<String>,
    separator: &'a str,
}

impl Forms<'_> {
    fn separator(&self) -> String {
        format!("'{}'", self.separator.replace('\'', "''"))
    }

    /// The whole from its parts: an empty or missing last part leaves no separator.
    fn whole(&self) -> String {
        let separator = self.separator();
        let joined = format!("concat_ws({separator}, {})", self.parts.join(", "));
        if self.separator == " " { format!("rtrim({joined})") } else { format!("rtrim({joined}, {separator})") }
    }

    /// Part `index` from the whole; the last one is everything after the others.
    fn part(&self, index: usize) -> String {
        let nth = |n: usize| format!("split_part({}, {}, {n})", self.whole, self.separator());
        if index + 1 < self.parts.len() {
            return nth(index + 1);
        }
        let before: Vec<String> = (1..=index).map(|n| format!("length({})", nth(n))).collect();
        let skipped = index * self.separator.chars().count() + 1;
        format!("substr({}, {} + {skipped})", self.whole, before.join(" + "))
    }

    /// The syncs of the parts from the whole.
    fn sync_parts<'a>(&self, draft: ScriptDraft<'a>, why: &str) -> ScriptDraft<'a> {
        self.parts.iter().enumerate().fold(draft, |draft, (index, part)| {
            draft.step(why, &format!("expand sync {part} from {}", self.part(index)))
        })
    }

    fn sync_whole<'a>(&self, draft: ScriptDraft<'a>, why: &str) -> ScriptDraft<'a> {
        draft.step(why, &format!("expand sync {} from {}", self.whole, self.whole()))
    }
}

impl SplitColumn {
    pub(super) fn script(&self) -> Result<String, String> {
        check_separator(&self.separator)?;
        let whole = short(&self.column);
        let parts: Vec<String> = self.into.iter().map(NameArg::quoted).collect();
        let values = sample_rows(self.into.len(), &self.separator)
            .iter()
            .map(|row| quoted(&row.join(&self.separator)))
            .collect();
        let table =
            TableDraft::new(&self.column.table, &self.options).column_with(&self.column.column, "text", values)?;
        let names = self.into.iter().map(|name| name.0.as_str());
        distinct(names.chain([self.column.column.as_str(), self.options.key.0.as_str()]))?;
        let forms = Forms { whole: whole.clone(), parts: parts.clone(), separator: &self.separator };
        let summary = format!("Split {}.{whole} into {}", quote(&self.column.table), parts.join(", "));
        let draft = ScriptDraft::new(&self.options, summary)
            .on(&self.column.table)
            .table(&table)
            .old_app(std::slice::from_ref(&whole))
            .new_app(&parts);
        let draft = parts.iter().fold(draft, |draft, part| {
            draft.step(
                "Add a part beside the whole; no version knows it yet.",
                &format!("expand add column {part} text"),
            )
        });
        let draft = forms.sync_parts(draft, "Before the backfill: what the old version writes must reach the part.");
        let mut draft = forms.sync_whole(draft, "And back: the old version reads what the new one writes.");
        for (index, part) in parts.iter().enumerate() {
            let statement = format!("migrate backfill {part} from {} {}", forms.part(index), draft.batches());
            draft = draft.step("The rows from before the sync.", &statement);
        }
        draft
            .rollout("Every row has its parts, and the syncs keep both forms true.")
            .step("Nobody uses the whole any more; its syncs go with it.", &format!("contract drop column {whole}"))
            .finish()
    }
}

impl MergeColumns {
    pub(super) fn script(&self) -> Result<String, String> {
        check_separator(&self.separator)?;
        let (paths, into) = self.arguments()?;
        let parts: Vec<String> = paths.iter().map(short).collect();
        let whole = into.quoted();
        let table = self.table(&paths)?;
        table.free(&into.0)?;
        let forms = Forms { whole: whole.clone(), parts: parts.clone(), separator: &self.separator };
        let summary = format!("Merge {} of {} into {whole}", parts.join(", "), quote(&paths[0].table));
        let draft = ScriptDraft::new(&self.options, summary)
            .on(&paths[0].table)
            .table(&table)
            .old_app(&parts)
            .new_app(std::slice::from_ref(&whole))
            .step(
                "Add the whole beside its parts; no version knows it yet.",
                &format!("expand add column {whole} text"),
            );
        let draft = forms.sync_whole(draft, "Before the backfill: what the old version writes must reach the whole.");
        let draft = forms.sync_parts(draft, "And back: the old version reads what the new one writes.");
        let backfill = format!("migrate backfill {whole} from {} {}", forms.whole(), draft.batches());
        let draft = draft
            .step("The rows from before the sync.", &backfill)
            .step("A gate: no row may lack it before anybody reads it.", &format!("migrate verify {whole} is not null"))
            .rollout("Every row has the whole, and the syncs keep both forms true.");
        parts
            .iter()
            .fold(draft, |draft, part| {
                draft.step(
                    "Nobody uses the part any more; its syncs go with it.",
                    &format!("contract drop column {part}"),
                )
            })
            .finish()
    }

    fn arguments(&self) -> Result<(Vec<ColumnPath>, NameArg), String> {
        let (last, columns) = self.columns.split_last().ok_or("two columns and a new name are expected")?;
        let paths: Vec<ColumnPath> = columns
            .iter()
            .map(|text| text.parse().map_err(|reason| format!("`{text}`: {reason}")))
            .collect::<Result<_, _>>()?;
        if let Some(other) = paths.iter().find(|path| path.table != paths[0].table) {
            return Err(format!(
                "`{}` and `{}` are two tables: columns of one table can be merged",
                paths[0].table, other.table
            ));
        }
        Ok((paths, last.parse().map_err(|reason| format!("`{last}`: {reason}"))?))
    }

    fn table(&self, paths: &[ColumnPath]) -> Result<TableDraft, String> {
        let rows = sample_rows(paths.len(), &self.separator);
        let table = TableDraft::new(&paths[0].table, &self.options);
        paths.iter().enumerate().try_fold(table, |table, (index, path)| {
            table.column_with(&path.column, "text", rows.iter().map(|row| quoted(&row[index])).collect())
        })
    }
}

fn check_separator(separator: &str) -> Result<(), String> {
    if separator.is_empty() || separator.chars().any(char::is_control) {
        return Err("the separator needs at least one printable character".to_owned());
    }
    Ok(())
}

fn distinct<'a>(mut names: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = std::collections::BTreeSet::new();
    match names.find(|name| !seen.insert(*name)) {
        Some(twice) => Err(format!("`{twice}` is named twice")),
        None => Ok(()),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Parts for each row, none of which holds the separator.
fn sample_rows(parts: usize, separator: &str) -> Vec<Vec<String>> {
    const WORDS: [[&str; 3]; ROWS] =
        [["Alice", "Adams", "Senior"], ["Bob", "Baker", "Junior"], ["Carol", "Clark", "Third"]];
    let word = |row: usize, part: usize| match WORDS[row].get(part) {
        Some(word) if !word.contains(separator) => (*word).to_owned(),
        _ => format!("{}", 10 * row + part),
    };
    (0..ROWS).map(|row| (0..parts).map(|part| word(row, part)).collect()).collect()
}
