//! A script with its plan, ready to be run on a database, or found again in one.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::check::{Checked, Findings};
use crate::cli::Exit;
use crate::cli::output::complain;
use crate::cli::run::tell;
use crate::database::{self, Limits, Opened};
use crate::diagnostic::{Diagnostic, Severity};
use crate::engine::Fault;
use crate::engine::postgres::fault::fault;
use crate::engine::postgres::journal::runs::RunRow;
use crate::engine::postgres::session::Session;
use crate::engine::postgres::translate::OWN_SCHEMA;
use crate::engine::postgres::{Relation, Server};
use crate::plan::Plan;
use crate::source::Source;
use crate::syntax;

use super::connection::told;

/// A script that can be run.
pub struct Ready {
    /// The script, with what is known of it.
    pub checked: Checked,
    /// What it does.
    pub plan: Arc<Plan>,
    /// What the database was like before it, as JSON.
    pub known: String,
}

/// The schema and name of a table.
const WHERE_IS: &str = "select n.nspname::text, c.relname::text from pg_catalog.pg_class c
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = $1";

fn search_path(session: &mut Session) -> Result<String, Fault> {
    let row = session.client().query_one("select current_setting('search_path')", &[]);
    row.map(|row| row.get(0)).map_err(|error| fault(&error))
}

/// [`Server`] as it is kept with a run: the plan is made from it again when the run goes on.
#[derive(Serialize, Deserialize)]
struct Known {
    /// Where names without a schema are looked for.
    search_path: String,
    version: u32,
    schema: String,
    sets_deadlock_timeout: bool,
    relations: Vec<(String, Relation)>,
}

impl Ready {
    /// Holds a script against the database; says what is wrong with it.
    ///
    /// # Errors
    /// The exit code to end with.
    pub fn open(session: &mut Session, source: Source) -> Result<Self, Exit> {
        let parsed = syntax::parse(source);
        let server = database::look(session.client(), &parsed.script);
        let server = server.map_err(|fault| told(&fault, Exit::CouldNotRun))?;
        let opened = database::open(parsed, &server).map_err(|refused| refuse(&refused))?;
        tell(&opened.checked.findings.diagnostics, opened.checked.source());
        Self::ask_whether_ready(session, &opened, &server)?;
        let search_path = search_path(session).map_err(|fault| told(&fault, Exit::CouldNotRun))?;
        Self::new(opened, &Known::of(&server, search_path))
    }

    /// Asks the server whether the plan can be run on it now.
    fn ask_whether_ready(session: &mut Session, opened: &Opened, server: &Server) -> Result<(), Exit> {
        let found = database::preflight(session.client(), &opened.plan, server, Limits::default());
        let found = found.map_err(|fault| told(&fault, Exit::CouldNotRun))?;
        let mut found: Vec<Diagnostic> = found.into_iter().map(|found| found.at(&opened.checked.script)).collect();
        let lost = database::round_trips(session.client(), &opened.checked.script, &opened.plan, server);
        found.extend(lost.map_err(|fault| told(&fault, Exit::CouldNotRun))?);
        tell(&found, opened.checked.source());
        if found.iter().any(|finding| finding.severity == Severity::Error) {
            complain("the database is not ready, so nothing was run", Some("`miglab explain preflight` says more"));
            return Err(Exit::Failed);
        }
        Ok(())
    }

    /// The plan of a run, made again from what is kept of it.
    ///
    /// # Errors
    /// The exit code to end with.
    pub fn again(row: &RunRow) -> Result<Self, Exit> {
        let source = Source::new(row.name.as_str(), row.script.as_str());
        let known: Known = serde_json::from_str(&row.known).map_err(|error| {
            let help = "was schema `miglab` changed by hand?";
            complain(&format!("what is kept of the run of `{}` cannot be read: {error}", row.name), Some(help));
            Exit::CouldNotRun
        })?;
        let server = known.server();
        let opened = database::open(source, &server).map_err(|refused| refuse(&refused))?;
        Self::new(opened, &known)
    }

    /// Lets names mean for a session what they meant when the run began, and sees that the tables are still the same.
    ///
    /// # Errors
    /// The exit code to end with.
    pub fn stand_where_it_began(&self, session: &mut Session) -> Result<(), Exit> {
        let known: Known = serde_json::from_str(&self.known).map_err(|_| Exit::CouldNotRun)?;
        let client = session.client();
        let set = client.query("select set_config('search_path', $1, false)", &[&known.search_path]);
        set.map_err(|error| told(&fault(&error), Exit::CouldNotRun))?;
        for (name, relation) in &known.relations {
            let found =
                client.query_opt(WHERE_IS, &[&relation.oid]).map_err(|error| told(&fault(&error), Exit::Failed))?;
            let is_now = found.map(|row| (row.get::<_, String>(0), row.get::<_, String>(1)));
            let what = match is_now {
                None => "was dropped".to_owned(),
                Some((schema, _)) if schema == OWN_SCHEMA => continue,
                Some((schema, table)) if schema == relation.schema && table == relation.name => continue,
                Some((schema, table)) => format!("is now `{schema}.{table}`"),
            };
            let help = "give it back its name and schema, then go on";
            complain(&format!("table `{name}` {what}, not by miglab, since the run began"), Some(help));
            return Err(Exit::Failed);
        }
        Ok(())
    }

    fn new(opened: Opened, known: &Known) -> Result<Self, Exit> {
        let Opened { checked, plan } = opened;
        let known = serde_json::to_string(known).map_err(|error| {
            complain(&format!("what the database is like cannot be kept: {error}"), None);
            Exit::CouldNotRun
        })?;
        Ok(Self { checked, plan, known })
    }
}

impl Known {
    fn of(server: &Server, search_path: String) -> Self {
        let relations = server.relations.iter().map(|(name, relation)| (name.to_string(), relation.clone()));
        Self {
            search_path,
            version: server.version,
            schema: server.schema.clone(),
            sets_deadlock_timeout: server.sets_deadlock_timeout,
            relations: relations.collect(),
        }
    }

    fn server(&self) -> Server {
        let Self { version, sets_deadlock_timeout, .. } = *self;
        let relations = self.relations.iter().map(|(name, relation)| (name.as_str().into(), relation.clone()));
        Server { version, schema: self.schema.clone(), sets_deadlock_timeout, run: 0, relations: relations.collect() }
    }
}

fn refuse(refused: &Findings) -> Exit {
    tell(&refused.diagnostics, &refused.source);
    complain("the script has errors, so nothing was run", Some("`miglab explain CODE` says more about each"));
    Exit::Failed
}
