//! The parts that every script has, put together: header, tables with rows, applications, and a plan whose steps say why
//! they stand where they stand.

use std::fmt::Write as _;

use super::names::{ColumnPath, quote};
use super::options::Options;
use super::samples::{ROWS, sample};
use crate::check;
use crate::diagnostic::Code;
use crate::source::Source;
use crate::syntax;

/// Of a plan of more steps `check` says that it is long.
const FEW_STEPS: usize = 10;

/// A script being written.
pub struct ScriptDraft<'a> {
    options: &'a Options,
    summary: String,
    on: Option<String>,
    blocks: Vec<String>,
    /// Why, and what.
    steps: Vec<(String, String)>,
}

/// A table that the script starts from.
pub struct TableDraft {
    name: String,
    columns: Vec<ColumnDraft>,
}

/// A column of such a table.
struct ColumnDraft {
    name: String,
    definition: String,
    values: Vec<String>,
}

impl TableDraft {
    /// A table with its primary key.
    #[must_use]
    pub fn new(name: &str, options: &Options) -> Self {
        let values = (1..=ROWS).map(|row| row.to_string()).collect();
        let key = ColumnDraft { name: options.key.0.clone(), definition: "integer primary key".to_owned(), values };
        Self { name: name.to_owned(), columns: vec![key] }
    }

    /// With a column whose values fit the type that its definition starts with.
    ///
    /// # Errors
    /// The table has that column already.
    pub fn column(self, name: &str, definition: &str) -> Result<Self, String> {
        let values = (0..ROWS).map(|row| sample(definition, row)).collect();
        self.column_with(name, definition, values)
    }

    /// With a column that has these values.
    ///
    /// # Errors
    /// The table has that column already.
    pub fn column_with(mut self, name: &str, definition: &str, values: Vec<String>) -> Result<Self, String> {
        if self.columns[0].name == name {
            return Err(format!("`{name}` is the primary key of the script's table: name another with `--key`"));
        }
        self.free(name)?;
        self.push(name, definition, values);
        Ok(self)
    }

    /// With those of these columns that it lacks, all of one type.
    #[must_use]
    pub fn complete(mut self, names: &[String], definition: &str) -> Self {
        for name in names {
            if self.free(name).is_ok() {
                self.push(name, definition, (0..ROWS).map(|row| sample(definition, row)).collect());
            }
        }
        self
    }

    /// Whether it has nothing but its primary key.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.columns.len() == 1
    }

    fn push(&mut self, name: &str, definition: &str, values: Vec<String>) {
        self.columns.push(ColumnDraft { name: name.to_owned(), definition: definition.to_owned(), values });
    }

    /// Makes sure that a column with this name can be added.
    ///
    /// # Errors
    /// The table has that column.
    pub fn free(&self, name: &str) -> Result<(), String> {
        let taken = self.columns.iter().any(|column| column.name == name);
        if taken { Err(format!("`{name}` is named twice: the table has that column")) } else { Ok(()) }
    }

    fn text(&self) -> String {
        let table = quote(&self.name);
        let mut text =
            format!("# Complete the table if it has more columns, or take it from the database.\ntable {table} {{\n");
        for column in &self.columns {
            let _ = writeln!(text, "    {} {}", quote(&column.name), column.definition);
        }
        let _ = writeln!(text, "}}\nrows {table} {{");
        for row in 0..ROWS {
            let values: Vec<&str> = self.columns.iter().filter_map(|c| c.values.get(row)).map(String::as_str).collect();
            let _ = writeln!(text, "    ({})", values.join(", "));
        }
        text.push('}');
        text
    }
}

impl<'a> ScriptDraft<'a> {
    /// A script that does what `summary` says ("Drop the table logs").
    #[must_use]
    pub fn new(options: &'a Options, summary: String) -> Self {
        Self { options, summary, on: None, blocks: Vec::new(), steps: Vec::new() }
    }

    /// Unqualified columns are in this table.
    #[must_use]
    pub fn on(mut self, table: &str) -> Self {
        self.on = Some(quote(table));
        self
    }

    /// With a table and its rows.
    #[must_use]
    pub fn table(mut self, table: &TableDraft) -> Self {
        self.blocks.push(table.text());
        self
    }

    /// With the version that is live before the migration; the columns are written as a script writes them.
    #[must_use]
    pub fn old_app(self, uses: &[String]) -> Self {
        let name = self.options.old_app.quoted();
        self.app(&name, uses, uses)
    }

    /// With the version that the migration deploys.
    #[must_use]
    pub fn new_app(self, uses: &[String]) -> Self {
        let name = self.options.new_app.quoted();
        self.app(&name, uses, uses)
    }

    /// With a version of the application that deletes no row.
    #[must_use]
    pub fn app_without_deletes(mut self, name: &str, uses: &[String]) -> Self {
        self.blocks.push(format!("app {name} {{ uses {} deletes none }}", uses.join(", ")));
        self
    }

    /// With a version of the application, by the name that a script writes.
    #[must_use]
    pub fn app(mut self, name: &str, reads: &[String], writes: &[String]) -> Self {
        let clauses: Vec<String> = if reads == writes {
            vec![format!("uses {}", reads.join(", "))]
        } else {
            vec![format!("reads {}", reads.join(", ")), format!("writes {}", writes.join(", "))]
        };
        self.blocks.push(format!("app {name} {{ {} }}", clauses.join(" ")));
        self
    }

    /// With a step of the plan, and why it stands there.
    #[must_use]
    pub fn step(mut self, why: &str, statement: &str) -> Self {
        self.steps.push((why.to_owned(), statement.to_owned()));
        self
    }

    /// With the new version deployed and the old one retired.
    #[must_use]
    pub fn rollout(self, why: &str) -> Self {
        let (old, new) = (self.options.old_app.quoted(), self.options.new_app.quoted());
        let both = format!("From here to `retire`, {old} and {new} are live at once.");
        self.step(why, &format!("deploy {new}")).step(&both, &format!("retire {old}"))
    }

    /// How a backfill or a copy goes through the table.
    #[must_use]
    pub fn batches(&self) -> String {
        format!("in batches of {}", self.options.batch)
    }

    /// The script.
    ///
    /// # Errors
    /// The names or expressions given do not make a script.
    pub fn finish(self) -> Result<String, String> {
        if self.options.old_app == self.options.new_app {
            return Err("the old and the new version of the application need two names".to_owned());
        }
        let title = self.options.title.as_ref().unwrap_or(&self.summary).replace('"', "'");
        let on = self.on.map(|table| format!(" on {table}")).unwrap_or_default();
        let mut text = format!(
            "# {}, without downtime.\n# Look at it: `miglab check FILE`. Try it: `miglab run FILE`. Step by step: \
             `miglab repl FILE`.\n",
            self.summary.replace(char::is_control, " ")
        );
        if self.steps.len() > FEW_STEPS {
            text.push_str(LONG_PLAN);
        }
        let _ = writeln!(text, "migration \"{title}\"{on}\n");
        for (index, block) in self.blocks.iter().enumerate() {
            let apart =
                if self.blocks.get(index + 1).is_some_and(|next| is_app(block) && is_app(next)) { "" } else { "\n" };
            let _ = writeln!(text, "{block}{apart}");
        }
        let mut before = "";
        for (why, statement) in &self.steps {
            if why != before {
                let _ = writeln!(text, "# {why}");
            }
            let _ = writeln!(text, "{statement}");
            before = why;
        }
        told(&formatted(&text)?)
    }
}

fn formatted(text: &str) -> Result<String, String> {
    syntax::format(&Source::new("the script", text)).map_err(|diagnostics| {
        let reason = diagnostics.first().map_or("", |first| first.message.as_str());
        format!("the arguments do not make a script: {reason}")
    })
}

/// The script with what its author has to decide, before each statement of which `check` says that it loses something, or
/// that it is proved on a condition.
fn told(text: &str) -> Result<String, String> {
    let mut found = check::findings(Source::new("the script", text)).diagnostics;
    found.retain(|finding| answer(finding.code).is_some());
    found.sort_by_key(crate::diagnostic::Diagnostic::span);
    let mut told = text.to_owned();
    for finding in found.iter().rev() {
        let statement = usize::try_from(finding.span().start).unwrap_or(0);
        let line = text[..statement].rfind('\n').map_or(0, |end| end + 1);
        let message = finding.message.replace(char::is_control, " ");
        let answer = answer(finding.code).unwrap_or_default();
        let what = if finding.code == Code::Condition { "It is proved, provided that" } else { "To be decided:" };
        told.insert_str(line, &format!("# {what} {message}.\n{answer}\n"));
    }
    formatted(&told)
}

/// Only the authors of the application can know what it writes, and what is in the table.
fn answer(code: Code) -> Option<&'static str> {
    match code {
        Code::LossyTranslation => Some(
            "# Choose expressions that keep every value; or, if no version writes such values, say so here with \
             `allow lossy-translation because '…'`.",
        ),
        Code::Condition => Some("# Where you know that it is so, say it here with `allow condition because '…'`."),
        _ => None,
    }
}

const LONG_PLAN: &str = "# To be decided: it has many steps. Split it; or, if they belong together, say so below the title \
                         with `allow too-many-statements because '…'`.\n";

fn is_app(block: &str) -> bool {
    block.starts_with("app ")
}

/// What every row satisfies once `new`, of type `ty`, has the value that comes from `old`. `json` has no equality.
#[must_use]
pub fn gate(new: &str, old: &str, value: &str, ty: &str) -> String {
    if ty.trim().eq_ignore_ascii_case("json") {
        return format!("{old} is null or {new} is not null");
    }
    format!("{new} is not distinct from {value}")
}

/// A column of the header's table as a script writes it.
#[must_use]
pub fn short(path: &ColumnPath) -> String {
    quote(&path.column)
}

/// `table.column` as a script writes it.
#[must_use]
pub fn full(table: &str, column: &str) -> String {
    format!("{}.{}", quote(table), quote(column))
}
