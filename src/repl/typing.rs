//! Statements and declarations typed into a session.
//!
//! What is typed becomes part of the script's text, before the next statement. The whole is then read, checked and
//! planned again, so that a typed statement is judged as one in a file would be; only then it is done.

use std::sync::Arc;

use crate::ast::{App, ColumnRef, Name, Script, StatementKind, TypeName};
use crate::catalog::{Catalog, Table};
use crate::check;
use crate::data::Type;
use crate::diagnostic::{Code, Complaint, Diagnostic};
use crate::lab;
use crate::phrase::{counted, listed};
use crate::plan::{Action, Plan, Step};
use crate::repl::guide;
use crate::repl::insertion::{insert, prepend};
use crate::repl::present::{OpenScript, Present};
use crate::repl::session::{Said, Session};
use crate::report::render;
use crate::source::Source;
use crate::syntax;

/// How a script with something typed into it goes on.
enum Next {
    /// From the start, with other tables or applications.
    Afresh(Box<Present>),
    /// From where it is.
    Onward(Box<OpenScript>),
}

impl Session {
    /// Takes in what was typed, which was read alone without errors, and does its statements.
    pub(super) fn typed(&mut self, typed: &Script) -> Said {
        if is_empty(typed) {
            return Ok(String::new());
        }
        if only_apps(typed) && !self.can_start_with(typed) {
            return Ok(typed.apps.iter().map(|app| self.wait(typed, app)).collect());
        }
        match self.with_waiting(typed) {
            Some(text) => self.take_in(&syntax::parse(Source::new(typed.source.name(), text)).script),
            None => self.take_in(typed),
        }
    }

    fn take_in(&mut self, typed: &Script) -> Said {
        if !self.present.is_untouched() && (redefines(typed) || !deploys_its_apps(typed)) {
            return Err(self.complain(&too_late()));
        }
        let next = self.judged(&self.combined(typed), redefines(typed) || !typed.apps.is_empty())?;
        let (before, known) = (self.present.before(declared(typed)), Arc::clone(&self.present.opened));
        let mut waiting = std::mem::take(&mut self.present.waiting);
        waiting.retain(|(name, _)| typed.apps.iter().all(|app| app.name.name != *name));
        match next {
            Next::Afresh(present) => self.present = *present,
            Next::Onward(opened) => self.present.replan(*opened),
        }
        self.present.waiting = waiting;
        let mut text = self.new_findings(&known.checked.findings.diagnostics);
        let done = typed.statements.iter().try_for_each(|_| self.advance().map(|(said, _)| text += &said));
        if let Err(said) = done {
            self.present.go_back(before);
            return Err(text + &said);
        }
        let title = self.present.title_since(&before).unwrap_or_else(|| declared(typed));
        if typed.statements.is_empty() {
            text += &format!("{title}\n");
        }
        self.keep(before.titled(title));
        Ok(text)
    }

    /// Whether applications can be live from the start: nothing was done yet, and what they use is there.
    fn can_start_with(&self, typed: &Script) -> bool {
        let missing = typed.apps.iter().any(|app| !self.missing_columns(app).is_empty());
        self.present.is_untouched() && !missing
    }

    fn missing_columns(&self, app: &App) -> Vec<String> {
        let (catalog, plan) = (self.present.memory().catalog(), self.present.run.plan());
        let missing = |column: &&ColumnRef| {
            let table = column.table.as_ref().map(|table| &table.name).or(plan.default_table.as_ref());
            table.is_some_and(|table| catalog.column(table, &column.column.name).is_none())
        };
        let mut names: Vec<String> =
            app.columns().filter(missing).map(|column| column.column.name.to_string()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Keeps an application until it is deployed.
    fn wait(&mut self, typed: &Script, app: &App) -> String {
        let name = &app.name.name;
        let missing = match self.missing_columns(app).as_slice() {
            [] => String::new(),
            missing => format!(", once there is {}", listed(missing)),
        };
        self.present.waiting.retain(|(other, _)| other != name);
        self.present.waiting.push((name.clone(), typed.source.slice(app.span).to_owned()));
        format!("application `{name}` is declared: `deploy {name}` makes it live{missing}\n")
    }

    /// What was typed, with the applications that it deploys and that wait for it; none where it is complete.
    fn with_waiting(&self, typed: &Script) -> Option<String> {
        let deployed = |name: &Name| deploys(typed).any(|app| app == name);
        let waiting = self.present.waiting.iter().filter(|(name, _)| deployed(name));
        let mut text: String = waiting.map(|(_, text)| format!("{text}\n")).collect();
        if text.is_empty() {
            return None;
        }
        text += typed.source.text();
        Some(text)
    }

    /// The script with what was typed in its place.
    fn combined(&self, typed: &Script) -> Source {
        let (script, position) = (&self.present.opened.checked.script, self.present.run.position());
        let (source, text) = (&script.source, typed.source.text());
        let is_header = typed.header.is_some() && typed.statements.is_empty();
        let text = if is_header { prepend(script, text) } else { insert(script, position, text) };
        Source::new(source.name(), text)
    }

    /// Reads, checks and plans the script again.
    fn judged(&self, source: &Source, declares: bool) -> Result<Next, String> {
        let lab = if !declares || !self.present.is_untouched() {
            let opened = self.opened_again(source)?;
            match self.first_difference(&opened.plan) {
                None => return Ok(Next::Onward(Box::new(opened))),
                Some(what) if !self.present.is_untouched() => return Err(self.complain(&changes_the_past(&what))),
                Some(_) => lab::play(opened.checked, opened.plan, opened.known, &self.rows),
            }
        } else {
            lab::open_to_play(source.clone(), &self.rows)
        };
        let lab = lab.map_err(|error| guide::refused(&error, source, self.terminal))?;
        Ok(Next::Afresh(Box::new(Present::new(lab))))
    }

    /// The script of `source`, with the same tables and rows as now.
    fn opened_again(&self, source: &Source) -> Result<OpenScript, String> {
        let mut parsed = syntax::parse(source.clone());
        self.pin_types(&mut parsed.script);
        let known = self.present.opened.known.clone();
        let checked = check::check(parsed, &known);
        let errors = checked.findings.diagnostics.iter().filter(|found| lab::stands_in_the_way_of_playing(found));
        let errors: String = errors.map(|found| render(found, source, self.terminal)).collect();
        match checked.plan.clone().filter(|_| errors.is_empty()) {
            Some(plan) => Ok(OpenScript { checked, plan, known }),
            None => Err(errors),
        }
    }

    /// Columns that were added without a type keep the one that they were given then.
    fn pin_types(&self, script: &mut Script) {
        let steps = &self.present.run.plan().steps[..self.present.run.position()];
        for (statement, step) in script.statements.iter_mut().zip(steps) {
            if let (StatementKind::AddColumn(parts), Action::AddColumn { column, .. }) =
                (&mut statement.kind, &step.action)
                && parts.1.ty.is_none()
                && (column.ty != Type::Unknown || column.written_type.is_some())
            {
                parts.1.ty = Some(TypeName {
                    ty: column.ty,
                    span: parts.1.name.span,
                    written: column.written_type.clone().map(Box::new),
                });
            }
        }
    }

    /// A table that the statements done so far would have left otherwise under another plan.
    fn first_difference(&self, plan: &Plan) -> Option<String> {
        let steps = &plan.steps[..self.present.run.position().min(plan.steps.len())];
        let wanted = schema_behind(plan, steps);
        let there = self.present.memory().catalog();
        let names = wanted.tables().chain(there.tables()).map(|table| table.name.clone());
        let differs = |name: &str| match (wanted.table(name), there.table(name)) {
            (Some(one), Some(other)) => !same_table(one, other),
            _ => true,
        };
        let table = names.into_iter().find(|name| differs(name)).map(|name| format!("table `{name}`"));
        table.or_else(|| (!wanted.syncs().eq(there.syncs())).then(|| "a sync".to_owned()))
    }

    /// The findings that the script did not have before.
    fn new_findings(&self, known: &[Diagnostic]) -> String {
        let same = |one: &Diagnostic, other: &Diagnostic| one.code == other.code && one.message == other.message;
        let opened = &self.present.opened;
        let new =
            opened.checked.findings.diagnostics.iter().filter(|found| !known.iter().any(|known| same(known, found)));
        // What is missing may be typed next.
        let told = new.filter(|found| found.code != Code::NoStatements && !found.is_about_assumed_versions());
        told.map(|found| render(found, opened.checked.source(), self.terminal)).collect()
    }
}

fn schema_behind(plan: &Plan, steps: &[Step]) -> Catalog {
    let mut catalog = plan.start.clone();
    for step in steps {
        catalog.apply(&step.action);
    }
    catalog
}

fn same_table(one: &Table, other: &Table) -> bool {
    one.columns().eq(other.columns()) && one.constraints().eq(other.constraints())
}

/// Whether it says something about the start.
fn redefines(typed: &Script) -> bool {
    let Script { header, tables, rows, views, .. } = typed;
    header.is_some() || !tables.is_empty() || !rows.is_empty() || !views.is_empty()
}

fn only_apps(typed: &Script) -> bool {
    !redefines(typed) && !typed.apps.is_empty() && typed.statements.is_empty()
}

fn deploys(typed: &Script) -> impl Iterator<Item = &Name> {
    typed.statements.iter().filter_map(|statement| match &statement.kind {
        StatementKind::Deploy(app) => Some(&app.name),
        _ => None,
    })
}

fn deploys_its_apps(typed: &Script) -> bool {
    typed.apps.iter().all(|app| deploys(typed).any(|name| *name == app.name.name))
}

fn is_empty(typed: &Script) -> bool {
    !redefines(typed) && typed.apps.is_empty() && typed.statements.is_empty() && typed.allows.is_empty()
}

/// What was typed, in words.
fn declared(typed: &Script) -> String {
    let mut said: Vec<String> = Vec::new();
    said.extend(typed.header.iter().map(|header| format!("migration \"{}\"", header.title)));
    said.extend(typed.tables.iter().map(|table| format!("table `{}`", table.name.name)));
    said.extend(typed.rows.iter().map(|rows| format!("rows of `{}`", rows.table.name)));
    said.extend(typed.views.iter().map(|view| format!("view `{}`", view.name.name)));
    said.extend(typed.apps.iter().map(|app| format!("application `{}`", app.name.name)));
    if !typed.statements.is_empty() {
        said.push(counted(typed.statements.len(), "statement", "statements"));
    }
    format!("declared {}", said.join(", "))
}

fn too_late() -> Complaint {
    Complaint::new("declarations must come before the first statement and the first write")
        .help("`restart` goes back to the start; then type it again")
}

fn changes_the_past(what: &str) -> Complaint {
    Complaint::new(format!("with this, what is already done would have been done differently: {what} would differ"))
        .help("`restart`, then type it, or declare the table first: `table NAME { … }`")
}
