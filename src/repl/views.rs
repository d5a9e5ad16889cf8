//! What a session shows: the plan, tables, history, applications, syncs, findings.

use crate::diagnostic::Complaint;
use crate::engine::memory::{AppState, Selected};
use crate::phrase::{counted, did_you_mean, listed, rows};
use crate::plan::AppUse;
use crate::repl::session::{Said, Session};
use crate::repl::staleness;
use crate::report::selected::table_of;
use crate::report::terminal::Paint;
use crate::report::{clean, render};
use crate::syntax::fold;

/// How many rows of a table are shown unless a `limit` says otherwise.
pub(super) const MOST_ROWS: usize = 40;

impl Session {
    /// The statements, those done ticked, the next one marked.
    pub(super) fn plan_view(&self) -> String {
        let run = &self.present.run;
        let steps = &run.plan().steps;
        if steps.is_empty() {
            return "there is no statement yet\n".to_owned();
        }
        let tick = if self.terminal.unicode { '✓' } else { '*' };
        let width = steps.len().to_string().len();
        let mut text = String::new();
        for (index, step) in steps.iter().enumerate() {
            let mark = if index == run.position() { '>' } else { ' ' };
            let done = if index < run.position() { tick } else { ' ' };
            let phase = step.phase.map_or("", crate::ast::Phase::keyword);
            let line = format!("{mark} {done} {:>width$}  {phase:<8}  {}", index + 1, step.title);
            text += &self.terminal.paint(&clean(&line), if mark == '>' { Paint::Bold } else { Paint::Dim });
            text.push('\n');
        }
        text += &format!("{} · {}%\n", run.state().tag(), run.percent());
        text
    }

    /// The rows of a table, or of all.
    pub(super) fn table_view(&self, name: Option<&str>) -> Said {
        let catalog = self.present.memory().catalog();
        let names: Vec<_> = match name {
            Some(name) => {
                let folded = fold(name);
                let unknown = || self.complain(&self.no_table(&folded));
                vec![catalog.table(&folded).ok_or_else(unknown)?.name.clone()]
            }
            None => catalog.tables().map(|table| table.name.clone()).collect(),
        };
        if names.is_empty() {
            return Ok("there is no table\n".to_owned());
        }
        let mut text = String::new();
        for table in &names {
            let selected = self.present.memory().select(None, table, None, None, MOST_ROWS);
            let selected = selected.map_err(|fault| self.complain(&fault.into()))?;
            text += &format!("{} ({})\n", self.terminal.paint(&clean(table), Paint::Bold), rows(selected.total));
            text += &self.rows_view(table, &selected);
        }
        Ok(text)
    }

    pub(super) fn no_table(&self, name: &str) -> Complaint {
        let names: Vec<_> = self.present.memory().catalog().tables().map(|table| table.name.to_string()).collect();
        let help = match did_you_mean(name, names.iter().map(String::as_str)) {
            Some(meant) => meant,
            None if names.is_empty() => "declare it: `table users { … }`".to_owned(),
            None => format!("known: {}", listed(&names)),
        };
        Complaint::new(format!("there is no table `{name}`")).help(help)
    }

    /// Rows in columns, with what is stale or unset marked, and said below.
    pub(super) fn rows_view(&self, table: &str, selected: &Selected) -> String {
        let mut text = table_of(selected).render(self.terminal.color);
        let left_out = selected.total - selected.rows.len();
        if left_out > 0 {
            text += &format!("… and {} more\n", rows(left_out));
        }
        for line in staleness::explained(&self.present, table, selected) {
            text += &format!("{}\n", self.terminal.paint(&line, Paint::Yellow));
        }
        text
    }

    /// What has happened.
    pub(super) fn history_view(&self) -> String {
        let entries = self.present.run.history().entries();
        if entries.is_empty() {
            return "nothing has happened yet\n".to_owned();
        }
        let line = |entry: &crate::execute::Entry| {
            format!(
                "{} {}\n",
                self.terminal.paint(&format!("[{}]", entry.state.tag()), Paint::Cyan),
                clean(&entry.text)
            )
        };
        entries.iter().map(line).collect()
    }

    /// What each application uses, and whether it works.
    pub(super) fn apps_view(&self) -> String {
        let waiting = self.present.waiting.iter();
        let waiting: String = waiting.map(|(name, _)| format!("{name}  waits for `deploy {name}`\n")).collect();
        if self.apps().is_empty() && waiting.is_empty() {
            return "no application is declared: `app v1 { reads …  writes … }`\n".to_owned();
        }
        let width = self.apps().iter().map(|app| app.name.chars().count()).max().unwrap_or(0);
        self.apps().iter().map(|app| self.app_view(app, width)).collect::<String>() + &waiting
    }

    fn app_view(&self, app: &AppUse, width: usize) -> String {
        let state = self.present.memory().app_state(&app.name).unwrap_or(AppState::NotLive);
        let (word, paint) = match &state {
            AppState::NotLive => ("not live", Paint::Dim),
            AppState::Works => ("works   ", Paint::Green),
            AppState::Breaks(_) => ("breaks  ", Paint::Red),
        };
        let name = self.terminal.paint(&format!("{:width$}", app.name), Paint::Bold);
        let word = self.terminal.paint(word, paint);
        let mut text = format!("{name}  {word}  {}\n", clean(&self.uses(app)));
        let indent = " ".repeat(width + 2);
        if let AppState::Breaks(why) = &state {
            text += &why.iter().map(|why| format!("{indent}it {why}\n")).collect::<String>();
        }
        if state == AppState::Works {
            text += &self.misread(app).iter().map(|line| format!("{indent}{line}\n")).collect::<String>();
        }
        text
    }

    /// "reads a, b · writes a".
    fn uses(&self, app: &AppUse) -> String {
        app.verbs(self.present.run.plan().default_table.as_ref()).join(" · ")
    }

    /// A line for each column that an application reads stale or unset values in.
    fn misread(&self, app: &AppUse) -> Vec<String> {
        staleness::survey(self.present.memory(), &self.present.run.plan().facts, app)
            .iter()
            .map(|misread| format!("reads {misread}"))
            .collect()
    }

    /// The same, where there is something to say, after the deployment of an application.
    pub(super) fn reads_of(&self, app: &str) -> String {
        let Some(app) = self.apps().iter().find(|other| &*other.name == app) else { return String::new() };
        let line = |said: &String| self.terminal.paint(&format!("  `{}` {said}", app.name), Paint::Yellow) + "\n";
        self.misread(app).iter().map(line).collect()
    }

    /// Which columns follow which.
    pub(super) fn syncs_view(&self) -> String {
        let catalog = self.present.memory().catalog();
        let mut text = String::new();
        for sync in catalog.syncs() {
            let target = format!("{}.{}", sync.target_table, catalog.column_name(&sync.target_table, sync.target));
            let name = |id| format!("{}.{}", sync.source_table, catalog.column_name(&sync.source_table, id));
            let sources: Vec<String> = sync.source_columns.iter().map(|id| name(*id)).collect();
            match sync.twin {
                Some(twin) if twin < sync.id => {}
                Some(_) => text += &format!("{target} <-> {}\n", sources.join(", ")),
                None => text += &format!("{target} follows {}\n", sources.join(", ")),
            }
        }
        if text.is_empty() { "no column follows another\n".to_owned() } else { clean(&text).into_owned() }
    }

    /// The findings in the script as it stands.
    pub(super) fn check_view(&self) -> String {
        let found = &self.present.opened.checked.findings;
        let findings = found.diagnostics.iter().map(|finding| render(finding, &found.source, self.terminal));
        let mut text: String = findings.collect();
        let verdict = found.headline().map(|headline| headline.notes()).unwrap_or_default();
        for note in verdict.iter().chain(&found.notes) {
            text += &format!("{} {}\n", self.terminal.paint("note:", Paint::Cyan), clean(note));
        }
        text + &counted(found.diagnostics.len(), "finding", "findings") + "\n"
    }
}
