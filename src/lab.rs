//! A script opened on the in-memory table: read, checked, resolved, its rows loaded.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::ast::{Added, Name, Rows, RowsFrom, Script};
use crate::check::{self, Checked};
use crate::diagnostic::{Code, Complaint, Diagnostic, Severity};
use crate::engine::Fault;
use crate::engine::memory::Memory;
use crate::phrase::{did_you_mean, reason};
use crate::plan::{KnownTable, Plan, Uses};
use crate::rows;
use crate::source::{Source, Span};
use crate::syntax;

/// Rows for a table from a file, instead of the script's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowsFile {
    /// The table, folded as a name is.
    pub table: Name,
    /// The CSV file.
    pub path: PathBuf,
}

/// A script on the in-memory table, before its first statement.
#[derive(Debug)]
pub struct Lab {
    /// The script, with what is known of it; findings do not stop it.
    pub checked: Checked,
    /// What it will do.
    pub plan: Arc<Plan>,
    /// The table, with its rows.
    pub memory: Memory,
    /// Tables that files with rows describe and the script does not declare.
    pub known: Vec<KnownTable>,
}

/// Why a script could not be opened.
#[derive(Debug)]
pub enum OpenError {
    /// There are errors in it; warnings are here as well.
    Refused(Vec<Diagnostic>),
    /// A file with rows could not be read, or its rows do not fit.
    Rows(Complaint),
}

/// Opens a script. Files that it names are looked for beside it.
///
/// # Errors
/// Errors in the script, or rows that cannot be loaded.
pub fn open(source: Source, files: &[RowsFile]) -> Result<Lab, OpenError> {
    open_unless(source, files, &|finding| finding.severity == Severity::Error)
}

/// Opens a script that is to be played by hand: that the plan is unsafe does not stop it, so that one can see
/// how it comes to harm.
///
/// # Errors
/// Other errors in the script, or rows that cannot be loaded.
pub fn open_to_play(source: Source, files: &[RowsFile]) -> Result<Lab, OpenError> {
    open_unless(source, files, &stands_in_the_way_of_playing)
}

/// Whether a finding keeps a plan from being played by hand.
#[must_use]
pub fn stands_in_the_way_of_playing(finding: &Diagnostic) -> bool {
    finding.severity == Severity::Error && !finding.code.refutes()
}

fn open_unless(source: Source, files: &[RowsFile], refuses: &dyn Fn(&Diagnostic) -> bool) -> Result<Lab, OpenError> {
    let parsed = syntax::parse(source);
    let texts = read_files(&parsed.script, files)?;
    each_table_once(files)?;
    let known = known_tables(&parsed.script, &texts)?;
    let checked = check::check(parsed, &known);
    know_each_table(&checked, files, &known)?;
    let is_refused = checked.findings.diagnostics.iter().any(refuses);
    match checked.plan.clone().filter(|_| !is_refused) {
        Some(plan) => loaded(checked, plan, known, &texts),
        None => Err(OpenError::Refused(checked.findings.diagnostics)),
    }
}

/// Opens a script that was checked already, as it is to be played by hand.
///
/// # Errors
/// Rows that cannot be loaded.
pub fn play(checked: Checked, plan: Arc<Plan>, known: Vec<KnownTable>, files: &[RowsFile]) -> Result<Lab, OpenError> {
    let texts = read_files(&checked.script, files)?;
    loaded(checked, plan, known, &texts)
}

fn loaded(checked: Checked, plan: Arc<Plan>, known: Vec<KnownTable>, texts: &[CsvText]) -> Result<Lab, OpenError> {
    let mut memory = Memory::new(plan.start.clone(), Arc::clone(&plan.facts), plan.apps.to_vec(), now_micros());
    load(&mut memory, &checked.script, texts)?;
    Ok(Lab { checked, plan, memory, known })
}

/// Microseconds since 2000-01-01 UTC.
fn now_micros() -> i64 {
    let epoch = DateTime::<Utc>::from_timestamp(946_684_800, 0).unwrap_or_default();
    Utc::now().signed_duration_since(epoch).num_microseconds().unwrap_or(0)
}

/// A CSV file that was read, for one table.
struct CsvText {
    table: Name,
    file: String,
    bytes: Vec<u8>,
    /// Where the script names it; empty for one from the command line.
    span: Span,
}

fn read_files(script: &Script, files: &[RowsFile]) -> Result<Vec<CsvText>, OpenError> {
    let mut texts = Vec::new();
    for file in files {
        texts.push(CsvText {
            table: file.table.clone(),
            file: file.path.display().to_string(),
            bytes: read_csv(&file.path)?,
            span: Span::default(),
        });
    }
    let beside = Path::new(script.source.name()).parent().unwrap_or(Path::new(""));
    for rows in own_rows(script, &texts.iter().map(|text| text.table.clone()).collect::<Vec<_>>()) {
        if let RowsFrom::Csv(path, span) = &rows.from {
            let path = beside.join(&**path);
            let bytes = read_csv(&path)?;
            texts.push(CsvText {
                table: rows.table.name.clone(),
                file: path.display().to_string(),
                bytes,
                span: *span,
            });
        }
    }
    Ok(texts)
}

/// The script's rows for tables that no file replaces.
fn own_rows<'s>(script: &'s Script, replaced: &[Name]) -> impl Iterator<Item = &'s Rows> {
    script.rows.iter().filter(move |rows| !replaced.contains(&rows.table.name)).collect::<Vec<_>>().into_iter()
}

fn read_csv(path: &Path) -> Result<Vec<u8>, OpenError> {
    std::fs::read(path).map_err(|error| {
        let complaint = Complaint::new(format!("cannot read rows from `{}`: {}", path.display(), reason(&error)));
        OpenError::Rows(
            complaint.help("paths in a script are relative to the script, those of `--rows` to the current folder"),
        )
    })
}

/// Refuses rows from two files for one table.
fn each_table_once(files: &[RowsFile]) -> Result<(), OpenError> {
    for (at, file) in files.iter().enumerate() {
        if files[..at].iter().any(|before| before.table == file.table) {
            let message = format!("rows for `{}` are given twice", file.table);
            let help = "put them in one file".to_owned();
            return Err(OpenError::Rows(Complaint { message, help: Some(help) }));
        }
    }
    Ok(())
}

/// Refuses rows for a table that the script does not speak of. Errors in the script are told elsewhere.
fn know_each_table(checked: &Checked, files: &[RowsFile], known: &[KnownTable]) -> Result<(), OpenError> {
    let Checked { script, plan, .. } = checked;
    let is_empty = script.statements.is_empty() && script.tables.is_empty() && script.apps.is_empty();
    let Some(plan) = plan.as_ref().filter(|_| !files.is_empty() && !is_empty) else { return Ok(()) };
    let tables = tables_of(script, plan, known);
    match files.iter().find(|file| !tables.contains(&file.table)) {
        None => Ok(()),
        Some(RowsFile { table, path }) => {
            let message = format!("there is no table `{table}` for the rows of `{}`", path.display());
            let help = did_you_mean(table, tables.iter().map(|table| &**table));
            Err(OpenError::Rows(Complaint { message, help }))
        }
    }
}

/// The tables that a script starts from or adds. One that only a file of rows describes is none of them.
fn tables_of(script: &Script, plan: &Plan, known: &[KnownTable]) -> Vec<Name> {
    let used = Uses::of(script).tables;
    let is_spoken_of =
        |name: &&Name| used.iter().any(|(used, _)| used == *name) || known.iter().all(|known| known.name != **name);
    let added = plan.steps.iter().filter_map(|step| step.action.adds_table().map(|table| &table.name));
    plan.start.tables().map(|table| &table.name).filter(is_spoken_of).chain(added).cloned().collect()
}

/// What the files tell of tables that the script does not declare.
fn known_tables(script: &Script, texts: &[CsvText]) -> Result<Vec<KnownTable>, OpenError> {
    let added = |name: &Name| {
        let mut adds = script.statements.iter().filter_map(|statement| statement.kind.mentions().adds);
        adds.any(|added| matches!(added, Added::Table(table) if table.name.name == *name))
    };
    let declared = |name: &Name| script.tables.iter().any(|table| table.name.name == *name) || added(name);
    let unknown = texts.iter().filter(|text| !declared(&text.table));
    unknown
        .map(|text| {
            let columns = rows::infer_types(&text.file, &text.bytes).map_err(rows_error)?;
            Ok(KnownTable { name: text.table.clone(), columns, definition: None, beside: false })
        })
        .collect()
}

fn load(memory: &mut Memory, script: &Script, texts: &[CsvText]) -> Result<(), OpenError> {
    let replaced: Vec<Name> = texts.iter().filter(|text| text.span.is_empty()).map(|text| text.table.clone()).collect();
    for text in texts.iter().filter(|text| text.span.is_empty()) {
        rows::load_csv(memory, &text.table, &text.file, &text.bytes).map_err(rows_error)?;
    }
    for rows in own_rows(script, &replaced) {
        load_own(memory, rows, texts)?;
    }
    memory.hold_references().map_err(rows_error)
}

fn load_own(memory: &mut Memory, rows: &Rows, texts: &[CsvText]) -> Result<(), OpenError> {
    let table = &rows.table.name;
    let at = |span: Span| {
        move |fault: Fault| {
            let mut invalid = Diagnostic::new(Code::InvalidRows, fault.message, span, "these rows");
            invalid.help = fault.help.map(String::from);
            OpenError::Refused(vec![invalid])
        }
    };
    match &rows.from {
        RowsFrom::Listed(values) => {
            let Some(schema) = memory.catalog().table(table).cloned() else { return Ok(()) };
            let listed = rows::listed(values, &schema, memory.now_micros()).map_err(OpenError::Refused)?;
            rows::load_listed(memory, table, listed).map_err(at(rows.span))?;
        }
        RowsFrom::Csv(_, span) => {
            let text = texts.iter().find(|text| text.span == *span && text.table == *table);
            if let Some(text) = text {
                rows::load_csv(memory, table, &text.file, &text.bytes).map_err(at(*span))?;
            }
        }
        RowsFrom::Generated { count, seed } => {
            rows::load_generated(memory, table, *count, *seed).map_err(at(rows.span))?;
        }
    }
    Ok(())
}

fn rows_error(fault: Fault) -> OpenError {
    OpenError::Rows(fault.into())
}
